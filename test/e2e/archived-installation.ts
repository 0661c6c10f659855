import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import pg from 'pg';

import { EsdbEventLog } from '#event-log/esdb.js';
import { asNew } from '#test/bench/synthetic-log.js';
import { compiledRoot } from '#testing/build.js';
import { inheritedEnv } from '#testing/inherited-env.js';

const sizeOf = (name: string, usual: number): number =>
  Number(process.env[`VOLTRACE_ARCHIVE_${name}`] ?? usual);

/** How large the installation is; `npm run rehearse:restore` has it at full size. */
export const size = {
  products: sizeOf('PRODUCTS', 150),
  /** At least, in the whole log. */
  events: sizeOf('EVENTS', 2_000),
  /** Of the export, and of the import. */
  kills: sizeOf('KILLS', 2),
} as const;

/** What a step may take: some milliseconds for each event on a machine that others keep busy. */
export const patienceMs = 90_000 + 6 * size.events;

const eventsAtOnce = 30;
const lanes = 32;

/** Products that are in the log get more values, in turns, until it holds as many events as it shall. */
export const fill = async (url: string): Promise<void> => {
  const log = EsdbEventLog.connect(url);
  const ends = new Map<string, bigint>();
  let held = 0;
  for await (const { stream, revision } of log.readRaw()) {
    held += 1;
    if (stream.startsWith('product-')) ends.set(stream, revision);
  }
  let missing = size.events - held;
  while (missing > 0) {
    const turn = [...ends.keys()];
    const lane = async (): Promise<void> => {
      for (let stream = turn.pop(); stream !== undefined && missing > 0; stream = turn.pop()) {
        const count = Math.min(eventsAtOnce, missing);
        missing -= count;
        const events = asNew(Array.from({ length: count }, (_, n) => capacity(missing + n)));
        ends.set(stream, (await log.append(stream, events, ends.get(stream) ?? 0n)).revision);
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
  }
  await log.close();
};

const capacity = (n: number) => ({
  type: 'ElementsSet',
  data: {
    elements: {
      EnergyCapacityNominal: {
        ...{ state: 'submitted', value: `${String(n % 400)}.12` },
        ...{ unit: 'kWh', decimals: 2 },
      },
    },
  },
});

/** Runs a command of the installation, and kills it after so many milliseconds. Whether it had not ended. */
export const killed = async (
  dataDir: string,
  args: readonly string[],
  afterMs: number,
): Promise<boolean> => {
  const child = spawn(process.execPath, [join(compiledRoot, 'apps/ctl/main.js'), ...args], {
    env: { ...inheritedEnv(), VOLTRACE_DATA_DIR: dataDir },
    stdio: 'ignore',
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  await Promise.race([ended, sleep(afterMs)]);
  child.kill('SIGKILL');
  return (await ended) === null;
};

/** What is another one in another store: where an event lies, when a row was written, and in which batch of a follower. */
const ofTheStore =
  /position|^(id|record_offset|named_in|moved_at|noted_at|parked_at|caught_up_at|holder|heard_at|built_at)$/;
/** How followers work is theirs: state of subscriptions, builds, and which pages of lists moved lately. */
const ownTables =
  /^(read_store\.|subscription\.(subscription|checkpoint|attempt)$|fanout\.)|\.moved_/;

/** The rows of every table, without what is of the store. */
export const tablesOf = async (url: string): Promise<ReadonlyMap<string, readonly string[]>> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables
        where schemaname not in ('pg_catalog', 'information_schema') order by 1`,
    );
    const tables = new Map<string, readonly string[]>();
    for (const { name } of rows) {
      if (ownTables.test(name)) continue;
      const found = await client.query<{ row: object }>(`select to_jsonb(r) as row from ${name} r`);
      tables.set(name, found.rows.map(({ row }) => JSON.stringify(withoutStore(row, name))).sort());
    }
    return tables;
  } finally {
    await client.end();
  }
};

const withoutStore = (row: object, table: string): object =>
  Object.fromEntries(
    Object.entries(row).filter(
      ([name]) => !ofTheStore.test(name) || (name === 'id' && table !== 'subscription.parked'),
    ),
  );
