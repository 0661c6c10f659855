import type { Admin, Kafka } from 'kafkajs';

import { within } from '#event-log/pause.js';
import { Refusal } from '#kernel/refusal.js';

import { describeFailure } from '../cluster/failures.js';
import { kafkaClient, type KafkaLogger, type KafkaSettings } from '../kafka.js';

/** A caller waits for the answer: better a clear one soon than a good one late. */
const impatient = {
  connectionTimeout: 2_000,
  requestTimeout: 4_000,
  retry: { initialRetryTime: 100, maxRetryTime: 500, retries: 1 },
};
const answerMs = 8_000;

/** The cluster, where this process was given one; for requests that somebody waits for. */
export class KafkaAccess {
  private readonly kafka: Kafka | undefined;

  constructor(
    readonly settings: KafkaSettings | undefined,
    logger: KafkaLogger,
  ) {
    this.kafka = settings && kafkaClient(settings, 'voltrace api', logger, impatient);
  }

  /** Throws a `Refusal` (`KAFKA_NOT_CONFIGURED`) where there is no cluster. */
  cluster(): { readonly kafka: Kafka; readonly settings: KafkaSettings } {
    const { kafka, settings } = this;
    if (kafka && settings) return { kafka, settings };
    throw new Refusal(
      'KAFKA_NOT_CONFIGURED',
      'not-configured',
      'the API was started without KAFKA_BROKERS, so it can reach no Kafka',
    );
  }

  /** Sends requests to the cluster. Throws `KAFKA_NOT_CONFIGURED`, or `KAFKA_UNAVAILABLE` when it does not answer in time. */
  async request<T>(work: (admin: Admin) => Promise<T>, limitMs = answerMs): Promise<T> {
    const admin = this.cluster().kafka.admin();
    const answer = admin.connect().then(() => work(admin));
    try {
      const inTime = await within(
        limitMs,
        answer.then((value) => ({ value })),
      );
      if (inTime) return inTime.value;
      throw new Error(`no answer in ${String(limitMs / 1000)} s`);
    } catch (error) {
      throw kafkaUnavailable(error);
    } finally {
      // Not awaited: a broker that does not answer would hold this up too.
      void answer
        .catch(() => undefined)
        .then(() => admin.disconnect())
        .catch(() => undefined);
    }
  }
}

/** What went wrong between us and the brokers, for the caller. A `Refusal` stays what it is. */
export const kafkaUnavailable = (error: unknown): Refusal =>
  error instanceof Refusal
    ? error
    : new Refusal(
        'KAFKA_UNAVAILABLE',
        'unavailable',
        `Kafka does not answer: ${describeFailure(error)}`,
        {},
        { cause: error },
      );
