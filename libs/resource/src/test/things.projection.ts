import { readFileSync } from 'node:fs';

import type { StoredEvent } from '#event-log/event-log.js';
import { formatPosition } from '#event-log/position.js';
import { Reading } from '#event-log/reading.js';
import { noteMoves } from '#read-store/moves.js';
import {
  defineProjection,
  type Projection,
  type ProjectionClient,
} from '#subscription/projection/projection.js';

import { evolveThing, type Thing, thingIdOf, thingTypes } from './thing.js';

type Work = Map<string, Thing & { readonly revision: string; readonly position: string }>;

const table = new URL('./table.sql', import.meta.url);

const load = async (client: ProjectionClient, events: readonly StoredEvent[]): Promise<Work> => {
  const { rows } = await client.query<Work extends Map<string, infer Row> ? Row : never>(
    'select id, name, code, amount::text, revision::text, position::text from things where id = any($1)',
    [events.map(({ stream }) => thingIdOf(stream))],
  );
  return new Map(rows.map((row) => [row.id, row]));
};

const apply = (work: Work, event: StoredEvent): void => {
  const id = thingIdOf(event.stream);
  const thing = evolveThing(work.get(id) ?? null, id, event as never);
  if (!thing) return;
  const { revision, position } = event;
  work.set(id, { ...thing, revision: String(revision), position: formatPosition(position) });
};

const save = async (client: ProjectionClient, work: Work): Promise<void> => {
  await noteMoves(
    client,
    { table: 'moved_things', columns: ['code', 'amount', 'position'] },
    'select id, code, amount, position from things where id = any($1)',
    [[...work.keys()]],
  );
  await client.query(
    `insert into things select * from jsonb_to_recordset($1::jsonb) as row
       (id text, name text, code text, amount numeric, revision bigint, position bigint)
     on conflict (id) do update set code = excluded.code, amount = excluded.amount,
       revision = excluded.revision, position = excluded.position`,
    [JSON.stringify([...work.values()])],
  );
};

export const thingsProjection: Projection = defineProjection<Work>({
  name: 'things',
  version: 1,
  sources: [table],
  tables: readFileSync(table, 'utf8'),
  reading: new Reading([thingTypes]),
  on: { ThingMade: apply, ThingChanged: apply },
  load,
  save,
});
