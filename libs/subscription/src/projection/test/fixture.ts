import { randomUUID } from 'node:crypto';

import { EsdbEventLog } from '#event-log/esdb.js';
import type { EventLog, Position } from '#event-log/event-log.js';
import { LogTail } from '#event-log/log-tail.js';
import { migrate } from '#read-store/migrate.js';
import { ReadStore } from '#read-store/read-store.js';
import type { TestDatabase } from '#testing/embedded.js';
import { newEvent } from '#testing/new-event.js';
import { quiet } from '#testing/quiet.js';
import { databaseFrom } from '#testing/template-database.js';
import { startTestNode, type TestNode } from '#testing/test-node.js';
import { until } from '#testing/until.js';

import {
  DropProjectionVersion,
  PauseSubscription,
  RebuildProjection,
  ResumeSubscription,
} from '../../control/commands.js';
import { Operator, operatorMeta } from '../../test/ask.js';
import { untilBuilt } from '../assert-built.js';
import type { Projection } from '../projection.js';
import { ProjectionRunner } from '../run-projections.js';

/** How often the runners of tests poll for requests. */
const pollMs = 100;

const commands = {
  rebuild: RebuildProjection,
  pause: PauseSubscription,
  resume: ResumeSubscription,
  drop: DropProjectionVersion,
};

/** A real event node and a migrated database, with what the tests do to them. */
export class Fixture {
  private readonly runners: ProjectionRunner[] = [];

  private constructor(
    readonly node: TestNode,
    readonly database: TestDatabase,
    readonly log: EsdbEventLog,
    readonly tail: LogTail,
    readonly store: ReadStore,
  ) {}

  static async start(startNode = startTestNode): Promise<Fixture> {
    const node = await startNode();
    const database = await migratedDatabase();
    const log = EsdbEventLog.connect(node.url);
    const tail = new LogTail(log);
    await tail.start();
    return new Fixture(node, database, log, tail, new ReadStore(database.url));
  }

  async stopRunners(): Promise<void> {
    for (const runner of this.runners.splice(0)) await runner.stop();
  }

  async stop(): Promise<void> {
    await this.stopRunners();
    await this.tail.stop();
    await this.store.close();
    await this.log.close();
    await this.node.stop();
    await this.database.drop();
  }

  /** Starts a runner of its own in this process; stopped with the fixture at the latest. */
  async run(...projections: Projection[]): Promise<ProjectionRunner> {
    const { store, log, tail } = this;
    const runner = new ProjectionRunner(projections, { store, log, tail, pollMs, logger: quiet });
    this.runners.push(runner);
    await runner.start();
    return runner;
  }

  /** As `run`, and waits until queries are answered. */
  async runBuilt(...projections: Projection[]): Promise<ProjectionRunner> {
    const runner = await this.run(...projections);
    await untilBuilt(this.store, projections, 20_000);
    return runner;
  }

  /** Appends `count` events of type `Counted` with the value 1 to a new stream. */
  count(count: number, stream?: string): Promise<Position> {
    return appendCounted(this.log, count, stream);
  }

  get operator(): Operator {
    return new Operator(this.store, this.log);
  }

  /** Asks the runners for something that concerns version 1, unless another is given. */
  async request(kind: keyof typeof commands, projection: string, version = 1): Promise<void> {
    await this.operator.ask(projection, new commands[kind]({ version }, operatorMeta()));
  }

  /** Rebuilds and waits for the switch. */
  async rebuild(projection: string, version = 1): Promise<void> {
    const before = await this.activeBuild(projection, version);
    await this.request('rebuild', projection, version);
    await until('rebuilt', async () => (await this.activeBuild(projection, version)) !== before);
  }

  /** The build that queries of the version read; undefined before the first one is done. */
  activeBuild(projection: string, version = 1): Promise<unknown> {
    return this.value(
      'select build from read_store.build where projection = $1 and version = $2 and active',
      [projection, version],
    );
  }

  /** What one statement answers, as rows. */
  async rows<T extends object>(sql: string, values: unknown[] = []): Promise<T[]> {
    return (await this.store.pool.query(sql, values)).rows as T[];
  }

  async value(sql: string, values: unknown[] = []): Promise<unknown> {
    const [row] = await this.rows<Record<string, unknown>>(sql, values);
    return row && Object.values(row)[0];
  }
}

export const migratedDatabase = (): Promise<TestDatabase> =>
  databaseFrom({ name: 'read-store', prepare: (url) => migrate(url) });

export const appendCounted = async (
  log: EventLog,
  count: number,
  stream = `tally-${randomUUID()}`,
  data: Record<string, unknown> = {},
): Promise<Position> => {
  let position: Position | undefined;
  let revision: bigint | undefined;
  for await (const last of log.readStream(stream, { direction: 'backwards', limit: 1 })) {
    revision = last.revision;
  }
  for (let left = count; left > 0; left -= 500) {
    const events = Array.from({ length: Math.min(left, 500) }, () =>
      newEvent('Counted', { value: 1, ...data }),
    );
    const appended = await log.append(stream, events, revision ?? 'no_stream');
    revision = appended.revision;
    position = appended.position;
  }
  if (!position) throw new Error('nothing was appended');
  return position;
};
