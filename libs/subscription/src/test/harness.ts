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

import type { ParkedResponse, SubscriptionResponse } from '../bodies.http.js';
import type { Follower } from '../follower.js';
import { KnownSubscriptions } from '../known-subscriptions.js';
import { listParked } from '../parked-list.js';
import { SubscriptionRunner } from '../runner.js';
import type { Source } from '../source.js';
import { subscriptionStatuses } from '../statuses.js';
import { Operator } from './ask.js';
import { ledgerTables } from './ledger.js';

export interface TestStores {
  readonly node: TestNode;
  readonly databaseUrl: string;
  readonly log: EventLog;
  readonly tail: LogTail;
  readonly store: ReadStore;
  close(): Promise<void>;
}

/** A real event node and a migrated database, a new one unless `databaseUrl` is given. */
export const openTestStores = async (
  databaseUrl?: string,
  startNode: () => Promise<TestNode> = startTestNode,
): Promise<TestStores> => {
  const database =
    databaseUrl === undefined
      ? await databaseFrom({ name: 'ledger', prepare: prepareDatabase })
      : { url: databaseUrl, drop: () => Promise.resolve() };
  const node = await startNode();
  const log = EsdbEventLog.connect(node.url);
  const tail = new LogTail(log);
  await tail.start();
  const store = new ReadStore(database.url);
  const close = async (): Promise<void> => {
    await tail.stop();
    await store.close();
    await log.close();
    await node.stop();
    await database.drop();
  };
  return { node, databaseUrl: database.url, log, tail, store, close };
};

/** The tables of subscriptions and those of the ledger. */
export const prepareDatabase = async (url: string): Promise<void> => {
  await migrate(url);
  const store = new ReadStore(url);
  await store.pool.query(ledgerTables);
  await store.close();
};

/** Subscriptions of a ledger on real stores, with what the tests do to them. */
export class Harness {
  readonly node: TestNode;
  readonly databaseUrl: string;
  readonly log: EventLog;
  readonly tail: LogTail;
  readonly store: ReadStore;
  readonly operator: Operator;
  protected readonly running = new Set<{ stop(): Promise<void> }>();

  constructor(private readonly stores: TestStores) {
    ({
      node: this.node,
      databaseUrl: this.databaseUrl,
      log: this.log,
      tail: this.tail,
      store: this.store,
    } = stores);
    this.operator = new Operator(this.store, this.log);
  }

  async stopRuns(): Promise<void> {
    await Promise.all([...this.running].map((run) => run.stop()));
  }

  async stop(): Promise<void> {
    await this.stopRuns();
    await this.stores.close();
  }

  /** Starts a runner in this process; stopped with the harness at the latest. */
  async follow<T>(follower: Follower<T>, source: Source<T>): Promise<SubscriptionRunner<T>> {
    const runner = new SubscriptionRunner(follower, source, this);
    this.running.add(runner);
    await runner.start();
    return runner;
  }

  /** Appends `Counted` events to a stream. */
  append(count: number, stream = `counter-${randomUUID()}`, data: object = {}): Promise<Position> {
    return appendTo(this.log, stream, 'Counted', count, { by: 1, ...data });
  }

  /** What one statement answers, as rows. */
  async rows<T extends object>(sql: string, values: unknown[] = []): Promise<T[]> {
    return (await this.store.pool.query(sql, values)).rows as T[];
  }

  async value(sql: string, values: unknown[] = []): Promise<unknown> {
    const [row] = await this.rows<Record<string, unknown>>(sql, values);
    return row && Object.values(row)[0];
  }

  /** How many events the ledger holds. */
  async written(subscription = 'ledger'): Promise<number> {
    const sql = 'select count(*)::int from ledger.entry where subscription = $1';
    return Number(await this.value(sql, [subscription]));
  }

  async untilWritten(count: number, subscription = 'ledger'): Promise<void> {
    let seen = 0;
    await until(
      () => `${String(count)} events in the ledger, not ${String(seen)}`,
      async () => (seen = await this.written(subscription).catch(() => -1)) >= count,
    );
  }

  /** What is wrong with the ledger: events that are missing, double, or out of their stream's order. */
  async faults(subscription = 'ledger'): Promise<string[]> {
    const rows = await this.rows<{ id: string; stream: string; revision: string }>(
      'select event_id as id, stream, revision from ledger.entry where subscription = $1 order by entry.id',
      [subscription],
    );
    const faults: string[] = [];
    const seen = new Set<string>();
    const last = new Map<string, bigint>();
    for (const { id, stream, revision } of rows) {
      if (seen.has(id)) faults.push(`${stream} ${revision} is double`);
      seen.add(id);
      if (BigInt(revision) <= (last.get(stream) ?? -1n))
        faults.push(`${stream} ${revision} is late`);
      last.set(stream, BigInt(revision));
    }
    for (const id of await this.countedIds()) if (!seen.has(id)) faults.push(`${id} is missing`);
    return faults;
  }

  private async countedIds(): Promise<string[]> {
    const ids: string[] = [];
    for (let after: Position | undefined; ;) {
      const page = await this.log.readAll({ limit: 1_000, ...(after && { after }) });
      ids.push(...page.events.filter(({ type }) => type === 'Counted').map(({ id }) => id));
      if (page.atEnd) return ids;
      after = page.next;
    }
  }

  /** Oldest first. */
  parked(): Promise<ParkedResponse[]> {
    return listParked(this.store, { limit: 100 });
  }

  async untilParked(count: number): Promise<readonly ParkedResponse[]> {
    let parked: readonly ParkedResponse[] = [];
    await until(
      () => `${String(count)} events are parked, not ${String(parked.length)}`,
      async () => (parked = await this.parked()).length === count,
    );
    return parked;
  }

  /** Nothing was given up, and nothing is counted as tried. */
  async leftOver(): Promise<object> {
    const [row] = await this.rows(
      `select (select count(*)::int from subscription.parked) as parked,
              (select count(*)::int from subscription.attempt) as attempts`,
    );
    return row ?? {};
  }

  /** The subscription as operators see it. */
  async overview(name = 'ledger'): Promise<SubscriptionResponse> {
    const head = await this.log.head();
    const [one] = await subscriptionStatuses(this.store, knownAs(name), head, name);
    if (!one) throw new Error(`there is no subscription ${name}`);
    return one;
  }

  /** Until what was asked last has such an outcome. */
  async outcome(like: RegExp): Promise<void> {
    let seen: unknown;
    await until(
      () => `an outcome like ${String(like)}, not ${String(seen)}`,
      async () => {
        seen = await this.value('select control_outcome from subscription.subscription');
        return like.test(String(seen));
      },
    );
  }
}

/** Nothing is left of it: no parked events, no attempts. */
export const nothingLeft = { parked: 0, attempts: 0 };

export const knownAs = (name: string): KnownSubscriptions =>
  new KnownSubscriptions([
    {
      ...{ name, kind: 'consumer', version: 0, forgets: null, startOnly: null },
      mayHandle: ({ type }) => type === 'Counted',
    },
  ]);

export const appendTo = async (
  log: EventLog,
  stream: string,
  type: string,
  count: number,
  data: object = {},
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
