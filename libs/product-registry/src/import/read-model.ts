import { type ProjectionVersion, schemaOf } from '#read-store/schema-names.js';

/** The read model of imports, which runs that were lost are found in; it is defined with the others. */
export const importsVersion = { name: 'imports', version: 7 } satisfies ProjectionVersion;
/** The schema of its tables. */
export const importsSchema = schemaOf(importsVersion);
