import { experimentOfSamples } from '#battery-lab/samples/events.js';
import type { StoredEvent } from '#event-log/event-log.js';
import { rowsById } from '#read-store/rows-by-id.js';
import type { ProjectionClient } from '#subscription/projection/projection.js';

import type { BoardWork, StationRow } from './rows.js';

/** The table of each category of streams. */
const tableOf = {
  station: 'stations',
  unit: 'units',
  deviceLink: 'links',
  stationQueue: 'queues',
  experiment: 'experiments',
  cyclerSamples: 'latest',
  cyclerAlarm: 'alarms',
} as const satisfies Readonly<Record<string, keyof BoardWork>>;

const categories = Object.keys(tableOf) as readonly (keyof typeof tableOf)[];
// Each has its own columns: a row is saved as it is.
const tables = Object.fromEntries(
  categories.map((category) => [category, rowsById<StationRow>(tableOf[category])]),
) as Record<keyof typeof tableOf, ReturnType<typeof rowsById<StationRow>>>;

/** The row that an event is about: samples are of an experiment and a day. */
export const rowIdOf = ({ stream }: Pick<StoredEvent, 'stream'>): string =>
  stream.startsWith('cyclerSamples-')
    ? experimentOfSamples(stream)
    : stream.slice(stream.indexOf('-') + 1);

export const loadWork = async (
  client: ProjectionClient,
  events: readonly StoredEvent[],
): Promise<BoardWork> => {
  const work: Partial<Record<keyof BoardWork, Map<string, StationRow>>> = {};
  for (const category of categories) {
    const own = events.filter(({ stream }) => stream.startsWith(`${category}-`));
    // `rowsById` finds a row by the name of a stream.
    const streams = own.map((event) => ({ stream: `row-${rowIdOf(event)}` }));
    work[tableOf[category]] =
      own.length === 0
        ? new Map<string, StationRow>()
        : await tables[category].load(client, streams);
  }
  return work as unknown as BoardWork;
};

export const saveWork = async (client: ProjectionClient, work: BoardWork): Promise<void> => {
  for (const category of categories) {
    await tables[category].save(client, work[tableOf[category]] as BoardWork['stations']);
  }
};
