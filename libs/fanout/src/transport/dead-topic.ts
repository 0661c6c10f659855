import type { Kafka, Message, Producer } from 'kafkajs';

import { pause } from '#event-log/pause.js';
import type { ReadStore } from '#read-store/read-store.js';

import { Backoff } from '../backoff.js';
import { isTooLarge } from '../cluster/failures.js';
import { deadTopicOf } from '../cluster/topics.js';
import { fromStored, type StoredRecord } from '../consumer/stored-record.js';
import { type KafkaSettings, named } from '../kafka.js';
import type { Partition, TransportContext } from './transport.js';

const lookMs = 1_000;
const maxLetters = 100;

interface LetterRow extends StoredRecord {
  readonly id: string;
  readonly topic: string;
  readonly attempts: number;
  readonly error: string | null;
}

export interface DeadTopicParts {
  readonly kafka: Kafka;
  readonly settings: KafkaSettings;
  readonly context: TransportContext;
  /** Those that this process reads: the letters of others are theirs to write. */
  assigned(): readonly Partition[];
  /** Makes the dead topic where it is missing. */
  ensure(topic: string): Promise<void>;
}

/**
 * Writes dead letters to `<topic>.dead` for whoever looks there: from the table, at least once, told
 * apart by `voltrace_dead_id`. Nothing waits for it.
 */
export class DeadTopicWriter {
  private producer: Producer | undefined;
  private readonly ensured = new Set<string>();

  constructor(private readonly parts: DeadTopicParts) {}

  async run(signal: AbortSignal): Promise<void> {
    const { logger, consumer } = this.parts.context;
    const backoff = new Backoff(500);
    while (!signal.aborted) {
      try {
        const written = await this.writeSome();
        backoff.reset();
        if (written === 0) await pause(lookMs, signal);
      } catch (error) {
        logger.warn({ consumer, err: error }, 'dead letters wait for their topic');
        await this.close();
        await backoff.wait(signal);
      }
    }
    await this.close();
  }

  private async writeSome(): Promise<number> {
    const { context } = this.parts;
    const letters = await unpublished(context.store, context.consumer, this.parts.assigned());
    for (const topic of new Set(letters.map((letter) => letter.topic))) {
      await this.write(
        topic,
        letters.filter((letter) => letter.topic === topic),
      );
    }
    return letters.length;
  }

  private async write(topic: string, letters: readonly LetterRow[]): Promise<void> {
    const { settings } = this.parts;
    if (!this.ensured.has(topic)) await this.parts.ensure(topic);
    this.ensured.add(topic);
    const producer = await this.connected();
    const { consumer } = this.parts.context;
    const messages = letters.map((letter) => messageOf(consumer, letter));
    try {
      await producer.send({ topic: named(settings, deadTopicOf(topic)), acks: -1, messages });
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      await this.writeApart(topic, letters, error);
      return;
    }
    await this.done(letters);
  }

  /** One that the topic does not take stays in the table alone: the others do not wait for it. */
  private async writeApart(
    topic: string,
    letters: readonly LetterRow[],
    error: unknown,
  ): Promise<void> {
    const [letter] = letters;
    if (letters.length > 1) {
      for (const each of letters) await this.write(topic, [each]);
      return;
    }
    const { logger, consumer } = this.parts.context;
    const fields = { consumer, topic, deadLetter: letter?.id, err: error };
    logger.error(fields, 'a dead letter is too large for the dead topic');
    await this.done(letters);
  }

  private async done(letters: readonly LetterRow[]): Promise<void> {
    await this.parts.context.store.pool.query(
      'update fanout.dead_letter set published_at = clock_timestamp() where id = any($1::bigint[])',
      [letters.map(({ id }) => id)],
    );
  }

  private async connected(): Promise<Producer> {
    if (this.producer) return this.producer;
    const producer = this.parts.kafka.producer({ allowAutoTopicCreation: false });
    await producer.connect();
    this.producer = producer;
    return producer;
  }

  private async close(): Promise<void> {
    const { producer } = this;
    this.producer = undefined;
    this.ensured.clear();
    await producer?.disconnect().catch(() => undefined);
  }
}

const unpublished = async (
  { pool }: ReadStore,
  consumer: string,
  partitions: readonly Partition[],
): Promise<readonly LetterRow[]> => {
  const { rows } = await pool.query<LetterRow>(
    `select id, topic, key, value, headers, attempts, error
       from fanout.dead_letter
      where consumer = $1 and published_at is null
        and (topic, partition) in (select * from unnest($2::text[], $3::integer[]))
      order by id limit $4`,
    [
      consumer,
      partitions.map(({ topic }) => topic),
      partitions.map(({ partition }) => partition),
      maxLetters,
    ],
  );
  return rows;
};

const messageOf = (consumer: string, letter: LetterRow): Message => {
  const { key, value, headers } = fromStored(letter);
  return {
    key: key ?? null,
    value,
    headers: {
      ...headers,
      voltrace_dead_id: letter.id,
      voltrace_consumer: consumer,
      voltrace_attempts: String(letter.attempts),
      voltrace_error: letter.error ?? 'an earlier fact of the key is dead',
    },
  };
};
