import pg from 'pg';

import type { ApiClient } from '#test/support/client.js';

export interface LoggedEvent {
  readonly position: string;
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  /** Time of the log. */
  readonly recordedAt: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata: {
    readonly $correlationId: string;
    readonly commandId: string;
    readonly source: string;
  };
}

/** Reads the whole log as an auditor would. */
export const wholeLog = async (api: ApiClient): Promise<LoggedEvent[]> => {
  const reply = await api.persist('/v1/events');
  if (reply.status !== 200) throw new Error(`/v1/events answered ${reply.status}: ${reply.text}`);
  return reply.text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LoggedEvent)
    .filter(({ stream }) => typeof stream === 'string');
};

/** Each stream without a gap and a double, each product registered once, no code held twice. */
export const logIsSound = (events: readonly LoggedEvent[]): readonly string[] => {
  const faults: string[] = [];
  const last = new Map<string, number>();
  const registered = new Map<string, number>();
  const codes = new Map<string, string>();
  for (const { stream, revision, type, data } of events) {
    if (revision !== (last.get(stream) ?? -1) + 1) {
      faults.push(`${stream}: revision ${revision} after ${last.get(stream) ?? 'nothing'}`);
    }
    last.set(stream, revision);
    if (type === 'ProductRegistered') registered.set(stream, (registered.get(stream) ?? 0) + 1);
    const code = data['code'];
    if ((type === 'ProductRegistered' || type === 'ProdCodeAssigned') && typeof code === 'string') {
      const holder = codes.get(code) ?? stream;
      if (holder !== stream) faults.push(`code ${code} on ${holder} and on ${stream}`);
      codes.set(code, holder);
    }
  }
  for (const [stream, times] of registered) {
    if (times !== 1) faults.push(`${stream} was registered ${times} times`);
  }
  return faults;
};

/**
 * A fingerprint of each table of a projection's active schema, rows in a stable order. Moves are left
 * out: they are those of the batches that happened to be.
 */
export const tableHashes = async (
  databaseUrl: string,
  schema: string,
): Promise<Readonly<Record<string, string>>> => {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `select table_name as name from information_schema.tables
        where table_schema = $1 and table_type = 'BASE TABLE' and table_name not like 'moved\\_%'
        order by 1`,
      [schema],
    );
    const hashes: Record<string, string> = {};
    for (const { name } of tables) {
      const { rows } = await client.query<{ hash: string }>(
        `select count(*) || ' rows ' || coalesce(md5(string_agg(r::text, E'\\n' order by r::text)), '') as hash
           from "${schema}"."${name}" r`,
      );
      hashes[name] = rows[0]?.hash ?? '';
    }
    if (tables.length === 0) throw new Error(`schema ${schema} has no tables`);
    return hashes;
  } finally {
    await client.end();
  }
};
