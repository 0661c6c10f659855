import { type Kafka, type Message, type Producer } from 'kafkajs';

import type { Position } from '#event-log/event-log.js';
import type { Source } from '#subscription/source.js';
import { freshNamespace, sharedKafka } from '#testing/kafka/shared.js';
import { deleteTopic, makeTopic } from '#testing/kafka/topics.js';
import { quiet } from '#testing/quiet.js';

import { toRecord } from '../cloud-event.js';
import type { Fact } from '../fact.js';
import { kafkaClient, type KafkaSettings, named } from '../kafka.js';
import { type KafkaReaderOptions, kafkaSource } from '../kafka-source/kafka-reader.js';
import { counterContract } from '../relay/test/counter-contract.js';
import type { ConsumerHarness, Transport } from './harness.js';
import { counterTopic } from './ledger.js';

type Options = Partial<KafkaReaderOptions>;

/** Apache Kafka, with the topics of one test; `publish` does what the relay does, without its care. */
export class KafkaTransport implements Transport {
  readonly name = 'kafka';
  private producer: Producer | undefined;
  private published: Position | undefined;

  constructor(
    readonly settings: KafkaSettings,
    readonly kafka: Kafka,
    private readonly options: Options,
  ) {}

  /** On `brokers`, else on those that all tests share. */
  static async start(options: Options = {}, brokers?: string): Promise<KafkaTransport> {
    const settings: KafkaSettings = {
      KAFKA_BROKERS: brokers ?? (await sharedKafka()).brokers,
      KAFKA_NAMESPACE: freshNamespace(),
      KAFKA_TLS: 'off',
      KAFKA_SASL_MECHANISM: undefined,
      KAFKA_SASL_USERNAME: undefined,
      KAFKA_SASL_PASSWORD: undefined,
    };
    const kafka = kafkaClient(settings, 'contract-suite', quiet);
    const transport = new KafkaTransport(settings, kafka, options);
    await transport.createTopic();
    return transport;
  }

  get topic(): string {
    return named(this.settings, counterTopic);
  }

  get env(): Readonly<Record<string, string>> {
    const { KAFKA_BROKERS, KAFKA_NAMESPACE = '' } = this.settings;
    return { SOURCE: 'kafka', KAFKA_BROKERS, KAFKA_NAMESPACE };
  }

  source(): Source<Fact> {
    return this.sourceWith(this.options);
  }

  sourceWith(options: Options): Source<Fact> {
    return kafkaSource(this.settings, quiet, options);
  }

  async createTopic(): Promise<void> {
    await this.administered((admin) =>
      makeTopic(admin, { topic: this.topic, numPartitions: counterContract.partitions }),
    );
  }

  /** As an operator would: everything in it is gone. */
  async deleteTopic(): Promise<void> {
    await this.administered((admin) => deleteTopic(admin, this.topic));
    this.published = undefined;
  }

  async administered<T>(work: (admin: ReturnType<Kafka['admin']>) => Promise<T>): Promise<T> {
    const admin = this.kafka.admin();
    await admin.connect();
    try {
      return await work(admin);
    } finally {
      await admin.disconnect();
    }
  }

  /** One transaction per page of the log. */
  async publish(harness: ConsumerHarness): Promise<void> {
    for (let atEnd = false; !atEnd;) {
      const page = await this.nextPage(harness);
      if (page.messages.length > 0) await this.send(page.messages);
      ({ atEnd } = page);
    }
  }

  /** What `publish` has to write next; it counts as published. */
  async nextPage({
    log,
    publication,
  }: ConsumerHarness): Promise<{ readonly messages: Message[]; readonly atEnd: boolean }> {
    const after = this.published;
    const page = await log.readAll({ limit: 500, ...(after && { after }) });
    const messages = page.events.flatMap((event): Message[] => {
      const published = publication.of(event);
      if (!published) return [];
      const { key, value, headers } = toRecord(published.fact);
      return [{ key, value, headers: { ...headers } }];
    });
    this.published = page.next ?? this.published;
    return { messages, atEnd: page.atEnd };
  }

  /** Writes records to the topic in one transaction; `abort` takes them back. */
  async send(messages: Message[], { abort = false } = {}): Promise<void> {
    this.producer ??= await this.connected();
    const transaction = await this.producer.transaction();
    await transaction.send({ topic: this.topic, messages, acks: -1 });
    await (abort ? transaction.abort() : transaction.commit());
  }

  async stop(): Promise<void> {
    await this.producer?.disconnect();
    await this.administered((admin) => admin.deleteTopics({ topics: [this.topic] })).catch(
      () => undefined,
    );
  }

  private async connected(): Promise<Producer> {
    const producer = this.kafka.producer({
      transactionalId: named(this.settings, 'contract-suite'),
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await producer.connect();
    return producer;
  }
}

export const kafkaTransport =
  (options: Options = {}) =>
  (): Promise<KafkaTransport> =>
    KafkaTransport.start(options);
