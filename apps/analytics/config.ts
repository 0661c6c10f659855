import { kafkaBrokers, kafkaEnvironment, type KafkaSettings } from '#fanout/kafka.js';
import {
  configOrExit,
  eventStoreUrl,
  healthEnvironment,
  type HealthSettings,
  integer,
  postgresUrl,
} from '#observability/config.js';

export interface AnalyticsConfig extends HealthSettings, Omit<KafkaSettings, 'KAFKA_BROKERS'> {
  readonly EVENTSTORE_URL: string;
  readonly DATABASE_URL: string;
  /** Absent: facts come from the log itself. */
  readonly KAFKA_BROKERS: string | undefined;
  /** After so long without a sign of life its partitions go to another process of the group. */
  readonly KAFKA_SESSION_TIMEOUT_MS: number;
}

/** The environment of the analytics consumers; `docs/configuration.md` is generated from it. */
export const analyticsEnvironment = {
  EVENTSTORE_URL: eventStoreUrl({ desc: 'Connection string of the event store.' }),
  DATABASE_URL: postgresUrl({ desc: 'Postgres database of the read models.' }),
  KAFKA_BROKERS: kafkaBrokers({
    default: undefined,
    desc: 'Brokers that bring the facts, comma-separated; the log itself brings them when absent.',
  }),
  ...kafkaEnvironment,
  KAFKA_SESSION_TIMEOUT_MS: integer(
    6_000,
    300_000,
  )({
    default: 30_000,
    desc: 'After so long without a sign of life a process loses its partitions to another one of its group.',
  }),
  ...healthEnvironment,
};

/** The settings; ends the process with a message where one is wrong. */
export const readConfig = (): AnalyticsConfig => configOrExit(analyticsEnvironment);
