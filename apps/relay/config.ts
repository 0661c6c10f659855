import { kafkaBrokers, kafkaEnvironment } from '#fanout/kafka.js';
import { integer, postgresUrl } from '#process/config.js';
import { logEnvironment, storesEnvironment, supervisionEnvironment } from '#process/environment.js';

/** The environment of the relay; `docs/configuration.md` is generated from it. */
export const relayEnvironment = {
  ...storesEnvironment,
  DATABASE_URL: postgresUrl({
    desc: 'Postgres database where relays agree on which one works, and write their status.',
  }),
  KAFKA_BROKERS: kafkaBrokers({
    desc: 'Brokers of the Kafka cluster that facts are published to.',
  }),
  ...kafkaEnvironment,
  KAFKA_RETENTION_MS: integer(
    -1,
    Number.MAX_SAFE_INTEGER,
  )({
    default: -1,
    desc: 'How long the topics of facts keep a record, when the relay makes them; -1 for ever.',
  }),
  KAFKA_REPLICATION_FACTOR: integer(
    -1,
    32_767,
  )({
    default: -1,
    desc: 'Of the topics that the relay makes; -1 for three, or as many as there are brokers where these are fewer.',
  }),
  KAFKA_MIN_INSYNC_REPLICAS: integer(
    -1,
    32_767,
  )({
    default: -1,
    desc: 'Replicas that must hold a record of these topics before it counts as published; -1 for one less than there are, but at least one.',
  }),
  ...logEnvironment,
  ...supervisionEnvironment,
};
