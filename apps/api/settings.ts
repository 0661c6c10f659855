import { str } from 'envalid';

import { kafkaBrokers, kafkaEnvironment, type KafkaSettings } from '#fanout/kafka.js';
import {
  configOrExit,
  eventStoreUrl,
  folder,
  hostName,
  integer,
  oneOf,
  portNumber,
  postgresUrl,
} from '#observability/config.js';
import { diskEnvironment } from '#observability/disk-reserve.js';
import { logLevels } from '#observability/logging.js';

/** The environment of the API; `docs/configuration.md` is generated from it. */
export const apiEnvironment = {
  HOST: hostName({ default: '127.0.0.1', desc: 'Address that the API listens on.' }),
  PORT: portNumber({ default: 8080, desc: 'Port that the API listens on; 0 takes a free one.' }),
  EVENTSTORE_URL: eventStoreUrl({
    desc: 'Connection string of the event store.',
    example: 'esdb://127.0.0.1:2113?tls=false',
  }),
  DATABASE_URL: postgresUrl({
    desc: 'Postgres database of the read models.',
    example: 'postgres://voltrace:secret@127.0.0.1:5432/voltrace',
  }),
  VOLTRACE_DATA_DIR: folder({
    default: '.voltrace',
    desc: 'Folder for evidence files and spooled uploads.',
  }),
  KAFKA_BROKERS: kafkaBrokers({
    default: undefined,
    desc: 'Brokers of the Kafka cluster that facts are published to, to list and verify its topics.',
  }),
  ...kafkaEnvironment,
  ...diskEnvironment,
  ADMIN_KEY_FILE: str({
    default: undefined,
    desc: 'Where a first admin key is written (mode 600) if the file is not there.',
  }),
  LOG_LEVEL: oneOf(...logLevels)({
    default: 'info',
    desc: 'Least severe log line that is written.',
  }),
  DATABASE_POOL_SIZE: integer(1, 1000)({ default: 10, desc: 'Connections to Postgres at most.' }),
  REQUEST_TIMEOUT_SECONDS: integer(
    5,
    86_400,
  )({
    default: 300,
    desc: 'What a whole request with its body may take to arrive.',
  }),
  RATE_LIMIT_PER_KEY: integer(
    0,
    100_000_000,
  )({
    default: 600_000,
    desc: 'Requests per minute of one API key; 0 for no limit.',
  }),
  RATE_LIMIT_PER_ADDRESS: integer(
    0,
    100_000_000,
  )({
    default: 6_000,
    desc: 'Requests per minute of one address without an accepted key; 0 for no limit.',
  }),
};

export type ApiSettings = ReturnType<typeof readApiSettings>;

/** Ends the process with a message where the environment is not valid. */
export const readApiSettings = () => configOrExit(apiEnvironment);

/** Undefined where no brokers are named. */
export const kafkaSettingsOf = ({
  KAFKA_BROKERS: brokers,
  ...rest
}: Pick<ApiSettings, keyof KafkaSettings>): KafkaSettings | undefined =>
  brokers === undefined ? undefined : { ...rest, KAFKA_BROKERS: brokers };
