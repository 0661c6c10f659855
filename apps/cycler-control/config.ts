import { kafkaBrokers, kafkaEnvironment } from '#fanout/kafka.js';
import { integer } from '#process/config.js';
import { logEnvironment, storesEnvironment, supervisionEnvironment } from '#process/environment.js';

/** The environment of the supervision of experiments; `docs/configuration.md` is generated from it. */
export const controlEnvironment = {
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
  CYCLER_SILENT_SECONDS: integer(
    5,
    3_600,
  )({
    default: 30,
    desc: 'A running experiment without records for so long is ended: output off, until an operator resets it.',
  }),
  CYCLER_LEASE_SECONDS: integer(
    5,
    3_600,
  )({
    default: 15,
    desc: 'A unit may go on for so long by itself when it hears nothing of its supervision.',
  }),
  ...logEnvironment,
  ...supervisionEnvironment,
};
