import { readFile } from 'node:fs/promises';

import pg from 'pg';

import { AuthenticatedClient } from '#embedded/authenticated-client.js';

/** Advisory lock of the one writer; the number has no meaning beyond this database. */
const WRITER_LOCK = 7_211_301;
const LOCK_PATIENCE_MS = 5_000;
const LOCK_RETRY_MS = 100;
/** The outcome of a commit that takes longer is given up as unknown: the node ends. */
const WRITER_TIMEOUT_MS = 30_000;

/** Another node writes to this database. */
export class LockedByAnother extends Error {
  override readonly name = 'LockedByAnother';
}

/**
 * Every query here follows an index. The statistics of a new, empty database must not talk the
 * planner into anything else, least of all in a plan that it keeps.
 */
const sessionOptions = [
  '-c enable_seqscan=off',
  '-c enable_bitmapscan=off',
  '-c jit=off',
  '-c plan_cache_mode=force_generic_plan',
  '-c synchronous_commit=on',
].join(' ');

const BIGINT = pg.types.builtins.INT8;
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    oid === BIGINT && format !== 'binary'
      ? (text: string) => BigInt(text)
      : (pg.types.getTypeParser(oid, format) as (text: string) => unknown),
};

const connection = (databaseUrl: string, name: string): pg.ClientConfig => ({
  connectionString: databaseUrl,
  application_name: name,
  options: sessionOptions,
  keepAlive: true,
  types,
});

/** Reads run beside the writer, on connections of their own. */
export const openReadPool = (databaseUrl: string, name: string, connections: number): pg.Pool =>
  new pg.Pool({
    ...connection(databaseUrl, `voltrace-event-node-${name}`),
    Client: AuthenticatedClient,
    max: connections,
    idleTimeoutMillis: 30_000,
    connectionTimeoutMillis: 10_000,
    statement_timeout: 60_000,
  });

/** The session that may write. */
export interface WriterSession {
  readonly client: pg.Client;
  readonly epoch: bigint;
  /** Position of the last event, 0 while there is none. */
  readonly head: bigint;
  /** When the last event was created, in ticks; 0 while there is none. */
  readonly created: bigint;
}

/**
 * Takes the writer's lock, brings the schema up to date and starts an epoch.
 *
 * Throws `LockedByAnother` when a second node holds the lock after five seconds; a node that was
 * killed may keep it for a moment.
 */
export const openWriterSession = async (databaseUrl: string): Promise<WriterSession> => {
  const client = new AuthenticatedClient({
    ...connection(databaseUrl, 'voltrace-event-node-writer'),
    // Both, since a Postgres that is frozen keeps no time and one that waits for a lock does.
    query_timeout: WRITER_TIMEOUT_MS,
    statement_timeout: WRITER_TIMEOUT_MS,
  });
  await client.connect();
  try {
    await takeLock(client);
    await client.query(await readFile(new URL('schema.sql', import.meta.url), 'utf8'));
    const epoch = await client.query<{ epoch: bigint }>(
      'update epoch set epoch = epoch + 1 returning epoch',
    );
    const last = await client.query<{ position: bigint; created: bigint }>(
      'select position, created from events order by position desc limit 1',
    );
    const { position: head, created } = last.rows[0] ?? { position: 0n, created: 0n };
    return { client, epoch: only(epoch).epoch, head, created };
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
};

const takeLock = async (client: pg.Client): Promise<void> => {
  const deadline = performance.now() + LOCK_PATIENCE_MS;
  for (;;) {
    const result = await client.query<{ taken: boolean }>(
      'select pg_try_advisory_lock($1) as taken',
      [WRITER_LOCK],
    );
    if (only(result).taken) return;
    if (performance.now() > deadline) {
      throw new LockedByAnother('another event node writes to this database');
    }
    await new Promise((resolve) => setTimeout(resolve, LOCK_RETRY_MS));
  }
};

const only = <T extends pg.QueryResultRow>(result: pg.QueryResult<T>): T => {
  const [row] = result.rows;
  if (row === undefined) throw new Error('a query that returns one row returned none');
  return row;
};
