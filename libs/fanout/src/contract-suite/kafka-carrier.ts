import { type Kafka, type Message, type Producer } from 'kafkajs';

import type { Position } from '#event-log/event-log.js';
import { freshNamespace, sharedKafka } from '#testing/kafka/shared.js';
import { deleteTopic, makeTopic } from '#testing/kafka/topics.js';
import { quiet } from '#testing/quiet.js';

import { toRecord } from '../cloud-event.js';
import { deadTopicOf } from '../cluster/topics.js';
import { kafkaClient, type KafkaSettings, named } from '../kafka.js';
import { kafkaTransport, type KafkaTransportOptions } from '../transport/kafka-transport.js';
import { tallyContract, tallyTopic } from './tally-contract.js';
import { type Carrier, World } from './world.js';

/** Apache Kafka, with the topics of one test; `bring` does what the relay does, without its care. */
export class KafkaCarrier implements Carrier {
  readonly name = 'kafka';
  private producer: Producer | undefined;
  private brought: Position | undefined;

  constructor(
    readonly settings: KafkaSettings,
    readonly kafka: Kafka,
    private readonly options: KafkaTransportOptions,
  ) {}

  /** On `brokers`, else on those that all tests share. */
  static async start(options: KafkaTransportOptions = {}, brokers?: string): Promise<KafkaCarrier> {
    const settings: KafkaSettings = {
      KAFKA_BROKERS: brokers ?? (await sharedKafka()).brokers,
      KAFKA_NAMESPACE: freshNamespace(),
      KAFKA_TLS: 'off',
      KAFKA_SASL_MECHANISM: undefined,
      KAFKA_SASL_USERNAME: undefined,
      KAFKA_SASL_PASSWORD: undefined,
    };
    const kafka = kafkaClient(settings, 'contract-suite', quiet);
    const carrier = new KafkaCarrier(settings, kafka, options);
    await carrier.createTopic();
    return carrier;
  }

  get topic(): string {
    return named(this.settings, tallyTopic);
  }

  get env(): Readonly<Record<string, string>> {
    const { KAFKA_BROKERS, KAFKA_NAMESPACE = '' } = this.settings;
    return { TRANSPORT: 'kafka', KAFKA_BROKERS, KAFKA_NAMESPACE };
  }

  /** Of these options, or of those that it was started with. */
  transport(options?: KafkaTransportOptions | World) {
    const own = options instanceof World ? this.options : options;
    return kafkaTransport(this.settings, [tallyContract], quiet, own ?? this.options);
  }

  async createTopic(): Promise<void> {
    await this.administered((admin) =>
      makeTopic(admin, { topic: this.topic, numPartitions: tallyContract.partitions }),
    );
  }

  async createDeadTopic(config: Readonly<Record<string, string>>): Promise<void> {
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
    await this.administered((admin) =>
      makeTopic(admin, { topic: deadTopicOf(this.topic), numPartitions: 1, configEntries }),
    );
  }

  /** As an operator would: everything in it is gone. */
  async deleteTopic(): Promise<void> {
    await this.administered((admin) => deleteTopic(admin, this.topic));
    this.brought = undefined;
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
  async bring(world: World): Promise<void> {
    for (let atEnd = false; !atEnd;) {
      const page = await this.nextPage(world);
      if (page.messages.length > 0) await this.send(page.messages);
      ({ atEnd } = page);
    }
  }

  /** What `bring` has to write next; it counts as brought. */
  async nextPage(world: World): Promise<{ readonly messages: Message[]; readonly atEnd: boolean }> {
    const after = this.brought;
    const page = await world.log.readAll({ limit: 500, ...(after && { after }) });
    const messages = page.events.flatMap((event): Message[] => {
      const published = world.publication.of(event);
      if (!published) return [];
      const { key, value, headers } = toRecord(published.fact);
      return [{ key, value, headers: { ...headers } }];
    });
    this.brought = page.next ?? this.brought;
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

export const kafkaCarrier =
  (options: KafkaTransportOptions = {}) =>
  (): Promise<KafkaCarrier> =>
    KafkaCarrier.start(options);
