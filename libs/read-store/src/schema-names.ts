/** What distinguishes the tables of one version of a projection from those of all others. */
export interface ProjectionVersion {
  readonly name: string;
  readonly version: number;
}

const snakeCase = (name: string): string => name.replaceAll('-', '_');

/** The schema that queries name: version 2 of `product-catalog` is read from `product_catalog_v2`. */
export const schemaOf = ({ name, version }: ProjectionVersion): string =>
  `${snakeCase(name)}_v${String(version)}`;

/** The schema of a build that is not (yet) the active one. */
export const buildSchemaOf = (name: string, build: number): string =>
  `${snakeCase(name)}__b${String(build)}`;
