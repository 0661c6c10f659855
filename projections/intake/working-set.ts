import type { StoredEvent } from '#event-log/event-log.js';
import { rowsById } from '#read-store/rows-by-id.js';
import type { ProjectionClient } from '#subscription/projection/projection.js';
import { linkCategory } from '#telemetry/link/events.js';
import { quarantineCategory } from '#telemetry/quarantine/events.js';
import { samplesCategory } from '#telemetry/samples/events.js';

import type { IntakeWork, LinkRow, OutcomeRow, QuarantinedRow } from './rows.js';

const tables = {
  quarantined: rowsById<QuarantinedRow>('quarantined'),
  links: rowsById<LinkRow>('links'),
  outcomes: rowsById<OutcomeRow>('outcomes'),
};
const minuteMs = 60_000;

/** What comes after the category: the id of the thing that a stream is of. */
export const idOf = ({ stream }: Pick<StoredEvent, 'stream'>): string =>
  stream.slice(stream.indexOf('-') + 1);

/** The streams of some categories are named by the device, the events of the others name it. */
export const deviceOf = ({ stream, data }: Pick<StoredEvent, 'stream' | 'data'>): string =>
  typeof data['device'] === 'string' ? data['device'] : idOf({ stream });

/** What an event is counted under. Some name the way and the minute of what they are about. */
export const cellOf = (event: StoredEvent) => {
  const { way = event.metadata.source, minute = event.metadata.recordedAt } = event.data as {
    way?: string;
    minute?: string;
  };
  const start = new Date(Math.floor(Date.parse(minute) / minuteMs) * minuteMs).toISOString();
  const device_id = deviceOf(event);
  return { id: `${device_id}/${way}/${start}`, device_id, way, minute: start };
};

export const loadWork = async (
  client: ProjectionClient,
  events: readonly StoredEvent[],
): Promise<IntakeWork> => {
  const of = (category: string) => events.filter(({ stream }) => stream.startsWith(`${category}-`));
  const linked = [...of(linkCategory), ...of(samplesCategory)];
  return {
    quarantined: await tables.quarantined.load(client, of(quarantineCategory)),
    links: await tables.links.load(
      client,
      linked.map((event) => named(deviceOf(event))),
    ),
    outcomes: await tables.outcomes.load(
      client,
      events.map((event) => named(cellOf(event).id)),
    ),
    occurrences: [],
  };
};

/** `rowsById` finds a row by the name of a stream. */
const named = (id: string): { stream: string } => ({ stream: `row-${id}` });

export const saveWork = async (client: ProjectionClient, work: IntakeWork): Promise<void> => {
  await tables.quarantined.save(client, work.quarantined);
  await tables.links.save(client, work.links);
  await tables.outcomes.save(client, work.outcomes);
  if (work.occurrences.length === 0) return;
  await client.query(
    `insert into occurrences
     select * from jsonb_populate_recordset(null::occurrences, $1::jsonb)
     on conflict (position) do nothing`,
    [JSON.stringify(work.occurrences)],
  );
};
