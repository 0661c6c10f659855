import { type Kafka, type Message, type Producer, type Transaction } from 'kafkajs';

import { quiet } from '#testing/quiet.js';
import { until } from '#testing/until.js';

import { toRecord } from '../../cloud-event.js';
import { Topics } from '../../cluster/topics.js';
import { type Fact, Publication } from '../../fact.js';
import { kafkaClient, named } from '../../kafka.js';
import { encodePosition, positionKey } from '../../relay/position-record.js';
import { counterContract } from '../../relay/test/counter-contract.js';
import { type RelayFixture } from '../../relay/test/fixture.js';

/** Writes to the relay's topics as the relay does, or as it must not. */
export class HandMade {
  private constructor(
    private readonly fixture: RelayFixture,
    private readonly producer: Producer,
  ) {}

  static async start(fixture: RelayFixture): Promise<HandMade> {
    const kafka: Kafka = kafkaClient(fixture.settings, 'hand-made', quiet);
    const topics = await Topics.connect(kafka, fixture.settings);
    await topics.ensurePositionTopic();
    await topics.createFor(counterContract);
    await topics.close();
    const producer = kafka.producer({
      transactionalId: named(fixture.settings, 'hand-made'),
      maxInFlightRequests: 1,
      idempotent: true,
    });
    await producer.connect();
    return new HandMade(fixture, producer);
  }

  async stop(): Promise<void> {
    await this.producer.disconnect();
  }

  /** What is to be published of the log, in its order. */
  async facts(): Promise<Fact[]> {
    const publication = new Publication([counterContract]);
    const stored = await this.fixture.countedInLog();
    return stored.flatMap((event) => publication.of(event)?.fact ?? []);
  }

  /**
   * One transaction that is committed: records, and the position through `through` where it is given.
   * Resolves when readers are given all of it: the commit is answered before.
   */
  async commit(records: readonly Message[], through?: Fact): Promise<void> {
    const transaction = await this.producer.transaction();
    const begins = await this.write(transaction, records);
    if (through) await this.sendPosition(transaction, through);
    await transaction.commit();
    await this.ended(begins);
  }

  /** A transaction that was begun and is not ended. */
  async send(records: readonly Message[]): Promise<Transaction> {
    const transaction = await this.producer.transaction();
    await this.write(transaction, records);
    return transaction;
  }

  /** Where the records begin in each partition. */
  private async write(
    transaction: Transaction,
    records: readonly Message[],
  ): Promise<ReadonlyMap<number, bigint>> {
    const begins = new Map<number, bigint>();
    for (let at = 0; at < records.length; at += 500) {
      const messages = records.slice(at, at + 500);
      for (const landing of await transaction.send({ topic: this.fixture.topic, messages })) {
        const { partition, baseOffset } = landing;
        if (!begins.has(partition)) begins.set(partition, BigInt(baseOffset ?? 0));
      }
    }
    return begins;
  }

  /** For a read_committed reader: before the first record of a transaction that is open. */
  private async ends(): Promise<Map<number, bigint>> {
    const offsets = await this.fixture.admin((admin) =>
      admin.fetchTopicOffsets(this.fixture.topic),
    );
    return new Map(offsets.map(({ partition, high }) => [partition, BigInt(high)]));
  }

  /** A transaction that is taken back. Resolves when its markers are written. */
  async abort(records: readonly Message[]): Promise<void> {
    const transaction = await this.producer.transaction();
    const begins = await this.write(transaction, records);
    await transaction.abort();
    await this.ended(begins);
  }

  /** The end of a transaction is answered before its markers are written. */
  private async ended(begins: ReadonlyMap<number, bigint>): Promise<void> {
    await until('the markers are written', async () => {
      const ends = await this.ends();
      return [...begins].every(([partition, begin]) => (ends.get(partition) ?? 0n) > begin);
    });
  }

  private async sendPosition(transaction: Transaction, { position }: Fact): Promise<void> {
    const next = await this.ends();
    const value = encodePosition({
      topics: new Map([[counterContract.topic, { position, next }]]),
      control: -1n,
    });
    await transaction.send({
      topic: this.fixture.positionTopic,
      messages: [{ key: positionKey, value }],
    });
  }
}

/** The record of a fact as kafkajs takes it. */
export const record = (fact: Fact): Message => {
  const { key, value, headers } = toRecord(fact);
  return { key, value, headers: { ...headers } };
};
