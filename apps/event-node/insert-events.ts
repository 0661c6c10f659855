import pg from 'pg';

import { bigintArray, booleanArray, byteaArray, textArray, uuidArray } from './binary-array.js';
import type { WriterSession } from './database.js';
import type { RecordedEvent } from './event.js';

/** A later node took over, although this one's session still lives. */
export class EpochOver extends Error {
  override readonly name = 'EpochOver';
}

const insert = `
  with mine as (update epoch set groups = groups + 1 where epoch = $1 returning epoch)
  insert into events
    (position, stream, revision, id, type, is_json, data, metadata, created)
  select written.* from mine, unnest(
    $2::bigint[], $3::text[], $4::bigint[], $5::uuid[], $6::text[], $7::boolean[],
    $8::bytea[], $9::bytea[], $10::bigint[]
  ) as written`;

/** Commits `events` in one transaction and one round trip, if this epoch has not been ended. */
export const insertEvents = async (
  { client, epoch }: WriterSession,
  events: readonly RecordedEvent[],
): Promise<void> => {
  const result = await client.query({
    name: 'insert-events',
    text: insert,
    values: [
      epoch,
      bigintArray(events.map((event) => event.position)),
      textArray(events.map((event) => event.stream)),
      bigintArray(events.map((event) => event.revision)),
      uuidArray(events.map((event) => event.id)),
      textArray(events.map((event) => event.type)),
      booleanArray(events.map((event) => event.isJson)),
      byteaArray(events.map((event) => event.data)),
      byteaArray(events.map((event) => event.metadata)),
      bigintArray(events.map((event) => event.created)),
    ],
  });
  if (result.rowCount !== events.length) throw new EpochOver('another node writes by now');
};

/**
 * Whether Postgres rolled the statement back for want of a resource: nothing was written, and it
 * may work later. Anything else leaves the outcome, or the right to write, in doubt.
 */
export const isShortage = (error: unknown): error is pg.DatabaseError => {
  if (!(error instanceof pg.DatabaseError) || error.severity !== 'ERROR') return false;
  const code = error.code ?? '';
  return code.startsWith('53') || code === '58030' || code === '25006';
};
