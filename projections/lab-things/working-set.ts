import type { StoredEvent } from '#event-log/event-log.js';
import { rowsById } from '#read-store/rows-by-id.js';
import type { ProjectionClient } from '#subscription/projection/projection.js';

import {
  configurationId,
  type ConfigurationRow,
  tableOf,
  thingCategories,
  type ThingCategory,
  type ThingRow,
  type ThingsWork,
  type VersionRow,
} from './rows.js';

const configurations = rowsById<ConfigurationRow>('station_configurations');
const versions = rowsById<VersionRow>('profile_versions');

const tables = Object.fromEntries(
  thingCategories.map((category) => [category, rowsById<ThingRow>(tableOf[category])]),
) as Record<ThingCategory, ReturnType<typeof rowsById<ThingRow>>>;

/** Each event names a row of its own; of stations the last configuration is needed too. Versions are always new. */
export const loadWork = async (
  client: ProjectionClient,
  events: readonly StoredEvent[],
): Promise<ThingsWork> => {
  const things = {} as Record<ThingCategory, Map<string, ThingRow>>;
  for (const category of thingCategories) {
    const own = events.filter(({ stream }) => stream.startsWith(`${category}-`));
    things[category] =
      own.length === 0 ? new Map<string, ThingRow>() : await tables[category].load(client, own);
  }
  const last = [...things.station.values()].map(({ id, document }) => {
    const { configuration } = document as ThingRow['document'] & { configuration: number };
    // `rowsById` finds a row by the name of a stream.
    return { stream: `row-${configurationId(id, configuration)}` };
  });
  return {
    things,
    configurations:
      last.length === 0
        ? new Map<string, ConfigurationRow>()
        : await configurations.load(client, last),
    versions: new Map(),
  };
};

export const saveWork = async (client: ProjectionClient, work: ThingsWork): Promise<void> => {
  for (const category of thingCategories) {
    await tables[category].save(client, work.things[category]);
  }
  await configurations.save(client, work.configurations);
  await versions.save(client, work.versions);
};
