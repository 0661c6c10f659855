import type { EventLog } from '#event-log/event-log.js';
import type { LogTail } from '#event-log/log-tail.js';
import { integer } from '#process/config.js';
import { logSource } from '#subscription/log-source.js';
import { gatherMs } from '#subscription/pace.js';

import type { Fact } from './fact.js';
import { kafkaBrokers, kafkaEnvironment, type KafkaSettings } from './kafka.js';
import { kafkaSource } from './kafka-source/kafka-reader.js';

/** The variables of a process that takes facts. */
export const factSourceEnvironment = {
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
};

export interface FactSourceSettings extends Omit<KafkaSettings, 'KAFKA_BROKERS'> {
  readonly KAFKA_BROKERS: string | undefined;
  readonly KAFKA_SESSION_TIMEOUT_MS: number;
}

/** Kafka where brokers are named, else the log itself. */
export const factSource = (
  settings: FactSourceSettings,
  {
    log,
    tail,
    logger,
  }: { log: EventLog; tail: LogTail; logger: Parameters<typeof kafkaSource>[1] },
) => {
  const { KAFKA_BROKERS: brokers, KAFKA_SESSION_TIMEOUT_MS: sessionTimeoutMs } = settings;
  return brokers === undefined
    ? logSource<Fact>(log, tail, { gatherMs })
    : kafkaSource({ ...settings, KAFKA_BROKERS: brokers }, logger, { sessionTimeoutMs });
};
