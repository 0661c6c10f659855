import type { Position } from '#event-log/event-log.js';
import type { ReadStore } from '#read-store/read-store.js';
import { SubscriptionRunner } from '#subscription/runner.js';
import type { Source } from '#subscription/source.js';
import { Harness, openTestStores, type TestStores } from '#subscription/test/harness.js';
import type { TestNode } from '#testing/test-node.js';

import type { Consumer } from '../consumer.js';
import { ConsumerFollower } from '../consumer-follower.js';
import { type Fact, Publication } from '../fact.js';
import { counterContract } from '../relay/test/counter-contract.js';

/** What carries events from the log to a source under test. */
export interface Transport {
  readonly name: Source<Fact>['name'];
  source(harness: Harness): Source<Fact>;
  /** Publishes everything that is in the log to where the source reads. */
  publish(harness: ConsumerHarness): Promise<void>;
  /** What a process of its own needs to open the source. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export type ConsumerRunner = SubscriptionRunner<Fact>;

/** How a consumer comes to its runner: as it is, or through a framework. */
export interface Adapter {
  /** `run` makes the runner of a consumer; the tests start and stop what is returned. */
  adapt(
    consumer: Consumer,
    run: (consumer: Consumer) => ConsumerRunner,
  ): Promise<Adapted> | Adapted;
}

export interface Adapted {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** The consumer is what the runner is given. */
export const direct: Adapter = { adapt: (consumer, run) => run(consumer) };

/** A consumer that a test runs. */
export interface Run {
  readonly runner: ConsumerRunner;
  readonly started: Promise<void>;
  stop(): Promise<void>;
}

export interface HarnessOptions {
  readonly adapter: Adapter;
  readonly transport: () => Promise<Transport>;
  /**
   * Before every how manieth statement a run is broken off, for those that take long or differ from
   * another one in nothing that is sent to Postgres. Default 1.
   */
  readonly everyStatement?: number;
  /** Another Postgres than the shared one. */
  readonly databaseUrl?: string;
  /** Another node than one that shares its process. */
  readonly startNode?: () => Promise<TestNode>;
}

export interface RunOptions {
  readonly store?: ReadStore;
  readonly source?: Source<Fact>;
}

/** Consumers of a counter, on a transport. */
export class ConsumerHarness extends Harness {
  readonly publication = new Publication([counterContract]);

  private constructor(
    stores: TestStores,
    readonly transport: Transport,
    private readonly adapter: Adapter,
  ) {
    super(stores);
  }

  static async start({
    adapter,
    transport,
    databaseUrl,
    startNode,
  }: HarnessOptions): Promise<ConsumerHarness> {
    const stores = await openTestStores(databaseUrl, startNode);
    return new ConsumerHarness(stores, await transport(), adapter);
  }

  override async stop(): Promise<void> {
    await this.stopRuns();
    await this.transport.stop();
    await super.stop();
  }

  /** Starts a consumer in this process; stopped with the harness at the latest. */
  async run(consumer: Consumer, options: RunOptions = {}): Promise<Run> {
    const run = await this.begin(consumer, options);
    await run.started;
    return run;
  }

  /** As `run`, without waiting for the start. */
  async begin(consumer: Consumer, options: RunOptions = {}): Promise<Run> {
    const { running } = this;
    const made: { runner?: ConsumerRunner } = {};
    const adapted = await this.adapter.adapt(consumer, (given) => {
      made.runner = this.runnerOf(given, options);
      return made.runner;
    });
    const run: Run = {
      get runner() {
        if (!made.runner) throw new Error('the adapter did not run the consumer');
        return made.runner;
      },
      started: adapted.start(),
      stop: async () => {
        if (running.delete(run)) await adapted.stop();
      },
    };
    run.started.catch(() => running.delete(run));
    running.add(run);
    return run;
  }

  runnerOf(
    consumer: Consumer,
    { store = this.store, source = this.transport.source(this) }: RunOptions = {},
  ): ConsumerRunner {
    const { log, tail } = this;
    const follower = new ConsumerFollower(consumer, [counterContract]);
    return new SubscriptionRunner(follower, source, { store, log, tail });
  }

  /** Appends `Counted` events to a stream and publishes them. */
  override async append(count: number, stream?: string, data: object = {}): Promise<Position> {
    const position = await super.append(count, stream, data);
    await this.transport.publish(this);
    return position;
  }
}
