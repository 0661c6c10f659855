import { randomUUID } from 'node:crypto';

import { EsdbEventLog } from '#event-log/esdb.js';
import type { EventLog, Position } from '#event-log/event-log.js';
import { LogTail } from '#event-log/log-tail.js';
import { migrate } from '#read-store/migrate.js';
import { ReadStore } from '#read-store/read-store.js';
import { newEvent } from '#testing/new-event.js';
import { databaseFrom } from '#testing/template-database.js';
import { startTestNode, type TestNode } from '#testing/test-node.js';
import { until } from '#testing/until.js';

import type { Consumer } from '../consumer.js';
import { ConsumerAdmin } from '../consumer/admin.js';
import { ConsumerRunner } from '../consumer/runner.js';
import { Publication } from '../fact.js';
import type { Transport } from '../transport/transport.js';
import { ledgerTables } from './ledger.js';
import { type CountedData, tallyContract } from './tally-contract.js';

/** A transport under test: what is appended to the log reaches it by `bring`. */
export interface Carrier {
  readonly name: Transport['name'];
  transport(world: World): Transport;
  /** Brings everything that is in the log where the transport finds it. */
  bring(world: World): Promise<void>;
  /** What a process of its own needs to meet the transport. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** How a consumer is plugged in. */
export interface Plug {
  readonly name: string;
  /** `run` makes the runner of a consumer; the tests start and stop what is returned. */
  plug(consumer: Consumer, run: (consumer: Consumer) => ConsumerRunner): Promise<Plugged> | Plugged;
}

export interface Plugged {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A runner of a test. */
export interface Run {
  readonly runner: ConsumerRunner;
  readonly started: Promise<void>;
  stop(): Promise<void>;
}

/** No plug at all: the consumer is what the runner is given. */
export const plainly: Plug = {
  name: 'a function',
  plug: (consumer, run) => run(consumer),
};

export interface WorldOptions {
  readonly plug: Plug;
  readonly carrier: () => Promise<Carrier>;
  /**
   * Before every how manieth statement a run is broken off, for those that take long or differ from
   * another one in nothing that is sent to Postgres. Default 1.
   */
  readonly everyStatement?: number;
  /** Another Postgres than the shared one. */
  readonly databaseUrl?: string;
}

/** A real event node, a migrated database and a transport between them, with what the tests do to them. */
export class World {
  readonly publication = new Publication([tallyContract]);
  readonly admin: ConsumerAdmin;
  private readonly runs = new Set<Run>();

  private constructor(
    readonly node: TestNode,
    readonly databaseUrl: string,
    private readonly dropDatabase: () => Promise<void>,
    readonly log: EventLog,
    readonly tail: LogTail,
    readonly store: ReadStore,
    readonly carrier: Carrier,
    readonly plug: Plug,
  ) {
    this.admin = new ConsumerAdmin(store, log);
  }

  static async start({ plug, carrier, databaseUrl }: WorldOptions): Promise<World> {
    const database = databaseUrl === undefined ? await migratedDatabase() : undefined;
    const url = databaseUrl ?? database?.url ?? '';
    const node = await startTestNode();
    const log = EsdbEventLog.connect(node.url);
    const tail = new LogTail(log);
    await tail.start();
    const drop = async (): Promise<void> => database?.drop();
    const store = new ReadStore(url);
    return new World(node, url, drop, log, tail, store, await carrier(), plug);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.runs].map((run) => run.stop()));
    await this.carrier.stop();
    await this.tail.stop();
    await this.store.close();
    await this.log.close();
    await this.node.stop();
    await this.dropDatabase();
  }

  /** Starts a runner in this process; stopped with the world at the latest. */
  async run(consumer: Consumer, options: RunOptions = {}): Promise<Run> {
    const run = await this.begin(consumer, options);
    await run.started;
    return run;
  }

  /** As `run`, without waiting for the start. */
  async begin(
    consumer: Consumer,
    { store = this.store, transport = this.carrier.transport(this) }: RunOptions = {},
  ): Promise<Run> {
    const { log, tail, runs } = this;
    const made: { runner?: ConsumerRunner } = {};
    const plugged = await this.plug.plug(consumer, (given) => {
      made.runner = new ConsumerRunner(given, transport, { store, log, tail });
      return made.runner;
    });
    const run: Run = {
      get runner() {
        if (!made.runner) throw new Error('the plug did not run the consumer');
        return made.runner;
      },
      started: plugged.start(),
      stop: async () => {
        if (runs.delete(run)) await plugged.stop();
      },
    };
    run.started.catch(() => runs.delete(run));
    runs.add(run);
    return run;
  }

  /** Appends facts to a stream and brings them to the transport. */
  async count(
    count: number,
    stream = `tally-${randomUUID()}`,
    data: Partial<CountedData> = {},
  ): Promise<Position> {
    const position = await append(this.log, stream, 'Counted', count, { value: 1, ...data });
    await this.carrier.bring(this);
    return position;
  }

  /** What one statement answers, as rows. */
  async rows<T extends object>(sql: string, values: unknown[] = []): Promise<T[]> {
    return (await this.store.pool.query(sql, values)).rows as T[];
  }

  async value(sql: string, values: unknown[] = []): Promise<unknown> {
    const [row] = await this.rows<Record<string, unknown>>(sql, values);
    return row && Object.values(row)[0];
  }

  /** How many facts the ledger holds. */
  async written(consumer = 'ledger'): Promise<number> {
    const sql = 'select count(*)::int from ledger.entry where consumer = $1';
    return Number(await this.value(sql, [consumer]));
  }

  async untilWritten(count: number, consumer = 'ledger'): Promise<void> {
    let seen = 0;
    await until(
      () => `${String(count)} facts in the ledger, not ${String(seen)}`,
      async () => (seen = await this.written(consumer).catch(() => -1)) >= count,
    );
  }

  /** What is wrong with the ledger: facts that are missing, double, or out of their stream's order. */
  async faults(consumer = 'ledger'): Promise<string[]> {
    const rows = await this.rows<{ fact_id: string; stream: string; revision: string }>(
      'select fact_id, stream, revision from ledger.entry where consumer = $1 order by id',
      [consumer],
    );
    const faults: string[] = [];
    const seen = new Set<string>();
    const last = new Map<string, bigint>();
    for (const { fact_id: id, stream, revision } of rows) {
      if (seen.has(id)) faults.push(`${stream} ${revision} is double`);
      seen.add(id);
      if (BigInt(revision) <= (last.get(stream) ?? -1n))
        faults.push(`${stream} ${revision} is late`);
      last.set(stream, BigInt(revision));
    }
    for (const id of await this.publishedIds()) if (!seen.has(id)) faults.push(`${id} is missing`);
    return faults;
  }

  private async publishedIds(): Promise<string[]> {
    const ids: string[] = [];
    for (let after: Position | undefined; ;) {
      const page = await this.log.readAll({ limit: 1_000, ...(after && { after }) });
      ids.push(...page.events.filter((event) => this.publication.of(event)).map(({ id }) => id));
      if (page.atEnd) return ids;
      after = page.next;
    }
  }

  /** Nothing was given up, and nothing is counted as tried. */
  async leftOver(): Promise<object> {
    const [row] = await this.rows(
      `select (select count(*)::int from fanout.dead_letter) as dead,
              (select count(*)::int from fanout.attempt) as attempts`,
    );
    return row ?? {};
  }
}

export interface RunOptions {
  readonly store?: ReadStore;
  readonly transport?: Transport;
}

const migratedDatabase = () => databaseFrom({ name: 'fanout-consumers', prepare: prepareDatabase });

/** The read store's tables and the ledger. */
export const prepareDatabase = async (url: string): Promise<void> => {
  await migrate(url);
  const store = new ReadStore(url);
  await store.pool.query(ledgerTables);
  await store.close();
};

export const append = async (
  log: EventLog,
  stream: string,
  type: string,
  count: number,
  data: object,
): Promise<Position> => {
  let revision: bigint | undefined;
  let position: Position | undefined;
  for await (const last of log.readStream(stream, { direction: 'backwards', limit: 1 })) {
    revision = last.revision;
  }
  for (let left = count; left > 0; left -= 500) {
    const events = Array.from({ length: Math.min(left, 500) }, () => newEvent(type, data));
    const appended = await log.append(stream, events, revision ?? 'no_stream');
    ({ revision, position } = appended);
  }
  if (!position) throw new Error('nothing was appended');
  return position;
};
