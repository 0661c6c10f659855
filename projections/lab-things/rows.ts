/** Rows of the tables of `lab-things`. Times are ISO 8601, 64-bit numbers text. */
export interface ThingRow {
  readonly id: string;
  readonly document: { readonly status: 'inUse' | 'retired' };
  readonly registered_position: string;
  readonly revision: string;
}

export interface ConfigurationRow {
  readonly id: string;
  readonly station_id: string;
  readonly number: string;
  readonly configuration: object;
  readonly since: string;
  readonly until: string | null;
}

export interface VersionRow {
  readonly id: string;
  readonly profile_id: string;
  readonly version: string;
  readonly program: object;
  readonly hash: string;
  readonly defined_at: string;
  readonly defined_by: string;
  readonly reason: string | null;
}

/** Tables with one row for each stream, by the category of the streams. */
export const tableOf = {
  battery: 'batteries',
  cyclerDevice: 'cycler_devices',
  unit: 'units',
  station: 'stations',
  profile: 'profiles',
} as const;
export type ThingCategory = keyof typeof tableOf;
export const thingCategories = Object.keys(tableOf) as readonly ThingCategory[];

/** The rows that a batch touches, by their ids. */
export interface ThingsWork {
  readonly things: Readonly<Record<ThingCategory, Map<string, ThingRow>>>;
  readonly configurations: Map<string, ConfigurationRow>;
  readonly versions: Map<string, VersionRow>;
}

export const configurationId = (station: string, number: number): string =>
  `${station}/${String(number)}`;
