import { kafkaBrokers, kafkaEnvironment } from '#fanout/kafka.js';
import { integer } from '#process/config.js';
import { logEnvironment, storesEnvironment, supervisionEnvironment } from '#process/environment.js';

/** The environment of the consumers; `docs/configuration.md` is generated from it. */
export const consumersEnvironment = {
  ...storesEnvironment,
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
  ...logEnvironment,
  ...supervisionEnvironment,
};
