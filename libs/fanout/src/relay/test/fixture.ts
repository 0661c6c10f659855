import { join } from 'node:path';

import { type Admin, Kafka, logLevel, type Message } from 'kafkajs';
import { expect } from 'vitest';

import { AppProcess } from '#embedded/app-process.js';
import type { NewEvent, StoredEvent } from '#event-log/event-log.js';
import type { Contract } from '#kernel/contract.js';
import type { EventMetadata } from '#kernel/event.js';
import { Lease } from '#read-store/lease.js';
import { Fixture } from '#subscription/projection/test/fixture.js';
import { compiledRoot } from '#testing/build.js';
import { readTopicIndependently } from '#testing/kafka/read-independently.js';
import { freshNamespace } from '#testing/kafka/shared.js';
import { deleteTopic, endsOf, withAdmin } from '#testing/kafka/topics.js';
import { newEvent } from '#testing/new-event.js';
import { quiet } from '#testing/quiet.js';
import { startOwnNode } from '#testing/test-node.js';
import { until } from '#testing/until.js';

import { Partitioner } from '../../cluster/partitioner.js';
import { positionTopic, type TopicSettings } from '../../cluster/topics.js';
import { Publication } from '../../fact.js';
import { type KafkaSettings, named } from '../../kafka.js';
import { LogBatches } from '../batches.js';
import { type RelayEvent, relayStream } from '../events.js';
import { Relay, type RelayOptions } from '../relay.js';
import { RelayStatus } from '../status.js';
import { counterContract } from './counter-contract.js';

/** A relay in this process. */
export interface RunningRelay {
  readonly status: RelayStatus;
  stop(): Promise<void>;
}

/** A real event node, a database and topics of its own on a real broker. */
export class RelayFixture {
  private readonly running: RunningRelay[] = [];
  private readonly children: AppProcess[] = [];

  private constructor(
    private readonly stores: Fixture,
    readonly settings: KafkaSettings & TopicSettings,
  ) {}

  static async start(
    brokers: string,
    more: Partial<KafkaSettings & TopicSettings> = {},
  ): Promise<RelayFixture> {
    const settings: KafkaSettings & TopicSettings = {
      KAFKA_BROKERS: brokers,
      KAFKA_NAMESPACE: freshNamespace(),
      KAFKA_TLS: 'off',
      KAFKA_SASL_MECHANISM: undefined,
      KAFKA_SASL_USERNAME: undefined,
      KAFKA_SASL_PASSWORD: undefined,
      KAFKA_RETENTION_MS: -1,
      KAFKA_REPLICATION_FACTOR: 1,
      KAFKA_MIN_INSYNC_REPLICAS: -1,
      ...more,
    };
    return new RelayFixture(await Fixture.start(startOwnNode), settings);
  }

  get log() {
    return this.stores.log;
  }

  get node() {
    return this.stores.node;
  }

  get database() {
    return this.stores.database;
  }

  get topic(): string {
    return named(this.settings, counterContract.topic);
  }

  get positionTopic(): string {
    return named(this.settings, positionTopic);
  }

  /** On the same log and database, with topics of its own: all that the log holds is to be published there. */
  withNewTopics(): RelayFixture {
    return new RelayFixture(this.stores, { ...this.settings, KAFKA_NAMESPACE: freshNamespace() });
  }

  async stop(): Promise<void> {
    await this.stopRelays();
    await this.stores.stop();
  }

  /** Leaves the log and the database to the next test. */
  async stopRelays(): Promise<void> {
    for (const child of this.children.splice(0)) {
      child.signal('SIGCONT');
      child.signal('SIGKILL');
      await child.ended;
    }
    for (const relay of this.running.splice(0)) await relay.stop();
  }

  /** Starts a relay in this process; stopped with the fixture at the latest. */
  run(options: Partial<RelayOptions> = {}): RunningRelay {
    const { log, tail, database } = this.stores;
    const status = new RelayStatus();
    const lease = new Lease(database.url, quiet, 'relay');
    const stopping = new AbortController();
    const { contracts = [counterContract] } = options;
    const parts = { log, publication: new Publication(contracts), partitioner: new Partitioner() };
    const ended = new Relay({
      ...{ settings: this.settings, contracts, log, tail, lease, logger: quiet, status },
      batches: (position) => new LogBatches(parts, position),
      ...options,
    }).run(stopping.signal);
    const relay: RunningRelay = {
      status,
      stop: async () => {
        stopping.abort();
        await ended;
        await lease.close();
      },
    };
    this.running.push(relay);
    return relay;
  }

  /** Starts a relay as a process of its own; see `relay-process.ts`. */
  spawn(env: Record<string, string> = {}): AppProcess {
    const child = new AppProcess({
      script: join(compiledRoot, 'libs/fanout/src/relay/test/relay-process.js'),
      keepsParentAlive: false,
      env: {
        PATH: process.env['PATH'],
        EVENTSTORE_URL: this.stores.node.url,
        DATABASE_URL: this.stores.database.url,
        SETTINGS: JSON.stringify(this.settings),
        ...env,
      },
    });
    this.children.push(child);
    return child;
  }

  /** Appends `count` events of each kind to each of `streams`; resolves with the position of the last. */
  async count(count: number, streams: readonly string[]) {
    let last;
    for (const stream of streams) {
      const revision = await this.revisionOf(stream);
      const events = Array.from({ length: count }, (_, index) => counted(index));
      last = await this.log.append(stream, events, revision ?? 'no_stream');
    }
    if (!last) throw new Error('nothing was appended');
    return last.position;
  }

  /** Appends one event of any type and content to a stream of the category. */
  async append(
    stream: string,
    type: string,
    data: object,
    metadata: Partial<EventMetadata> = {},
  ): Promise<string> {
    const whole = counted(0);
    const event = { ...whole, type, data, metadata: { ...whole.metadata, ...metadata } };
    await this.log.append(stream, [event], (await this.revisionOf(stream)) ?? 'no_stream');
    return event.id;
  }

  /** What an operator asks of the relay. */
  async ask(type: RelayEvent['type'], data: object = {}): Promise<void> {
    await this.append(relayStream, type, data);
  }

  admin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
    return withAdmin(this.settings.KAFKA_BROKERS, work);
  }

  /** As somebody else would. */
  async produce(topic: string, ...messages: Message[]): Promise<void> {
    const brokers = this.settings.KAFKA_BROKERS.split(',');
    const producer = new Kafka({ brokers, logLevel: logLevel.NOTHING }).producer({
      createPartitioner: () => () => 0,
    });
    await producer.connect();
    await producer.send({ topic, messages });
    await producer.disconnect();
  }

  async deleteTopic(topic: string): Promise<void> {
    await this.admin((admin) => deleteTopic(admin, topic));
  }

  /** Waits until everything that is in the log now is on Kafka, as far as the relay says. */
  async published(relay: RunningRelay): Promise<void> {
    const last = (await this.countedInLog()).at(-1);
    await until(
      'published',
      () => (relay.status.position?.commit ?? -1n) >= (last?.position.commit ?? -1n),
    );
  }

  /** What is to be published, in the order of the log. */
  async countedInLog(): Promise<StoredEvent[]> {
    const found: StoredEvent[] = [];
    for (let after = undefined; ;) {
      const page = await this.log.readAll({ limit: 1_000, ...(after && { after }) });
      found.push(...page.events.filter(({ type }) => type === 'Counted'));
      if (page.atEnd) return found;
      after = page.next;
    }
  }

  /** Ids by stream as Kafka's own consumer reads them, in their order. */
  private async readByStream(topic: string, atLeast: number): Promise<Map<string, string[]>> {
    const streams = new Map<string, string[]>();
    await readTopicIndependently({
      brokers: this.settings.KAFKA_BROKERS,
      topic,
      atLeast,
      quietMs: 2_500,
      ends: await this.admin((admin) => endsOf(admin, topic)),
      onRecord: ({ key, headers }) => {
        const ids = streams.get(key ?? '') ?? [];
        streams.set(key ?? '', [...ids, headers.get('ce_id') ?? '']);
      },
    });
    return streams;
  }

  /** Whether Kafka's own consumer reads what the log holds: each fact once, in the order of its stream. */
  async compare(contract: Contract = counterContract): Promise<void> {
    const expected = await this.expectedByStream(contract.context);
    const count = [...expected.values()].flat().length;
    expect(await this.readByStream(named(this.settings, contract.topic), count)).toEqual(expected);
  }

  /** The same as it must be. */
  private async expectedByStream(category: string): Promise<Map<string, string[]>> {
    const streams = new Map<string, string[]>();
    for (const { stream, id } of await this.countedInLog()) {
      if (!stream.startsWith(`${category}-`)) continue;
      streams.set(stream, [...(streams.get(stream) ?? []), id]);
    }
    return streams;
  }

  private async revisionOf(stream: string): Promise<bigint | undefined> {
    for await (const last of this.log.readStream(stream, { direction: 'backwards', limit: 1 })) {
      return last.revision;
    }
    return undefined;
  }
}

const counted = (index: number): NewEvent =>
  index % 5 === 4 ? newEvent('CounterNamed', { name: 'n' }) : newEvent('Counted', { by: index });
