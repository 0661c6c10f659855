import { resolve } from 'node:path';

import { brokerAddressEnvironment } from '#device-link/environment.js';
import { kafkaBrokers, kafkaEnvironment } from '#fanout/kafka.js';
import type { DiskSettings } from '#observability/disk-reserve.js';
import type { LogLevel } from '#observability/logging.js';
import {
  configOrExit,
  eventStoreUrl,
  filePath,
  folder,
  hostName,
  portNumber,
  postgresUrl,
} from '#process/config.js';
import { diskEnvironment, logEnvironment } from '#process/environment.js';

import { relayEnvironment } from '../relay/config.js';

export interface StandaloneConfig extends DiskSettings {
  /** Absolute. */
  readonly dataDir: string;
  /** Named by VOLTRACE_DATA_DIR, so used or refused, never replaced. */
  readonly dataDirChosen: boolean;
  readonly host: string;
  /** 0: a free one, the same over restarts of the API. */
  readonly port: number;
  /** 0: a free one. */
  /** Absent: the usual one, if it is free. */
  readonly mqttPort: number | undefined;
  readonly logLevel: LogLevel;
  /** Absent: the embedded part. */
  readonly eventStoreUrl: string | undefined;
  readonly databaseUrl: string | undefined;
  /** For an event node of ours on a database of yours. */
  readonly eventNodeDatabaseUrl: string | undefined;
  /** Absent: nothing is published, and consumers read the log. */
  readonly kafkaBrokers: string | undefined;
}

/** The environment of `npm start`; `docs/configuration.md` is generated from it. */
export const standaloneEnvironment = {
  VOLTRACE_DATA_DIR: folder({ default: undefined, desc: 'Data folder; `.voltrace` when absent.' }),
  HOST: hostName({ default: '127.0.0.1', desc: 'Address that the API listens on.' }),
  PORT: portNumber({ default: 8080, desc: 'Port that the API listens on; 0 takes a free one.' }),
  MQTT_PORT: portNumber({
    default: undefined,
    desc: 'Port of the MQTT broker for devices; 0 takes a free one. When absent 1883, or a free one where another program listens there.',
  }),
  ...logEnvironment,
  EVENTSTORE_URL: eventStoreUrl({
    default: undefined,
    desc: 'Connection string of an event store; the embedded node when absent.',
  }),
  DATABASE_URL: postgresUrl({
    default: undefined,
    desc: 'Postgres database of the read models; the embedded server when absent.',
  }),
  EVENT_NODE_DATABASE_URL: postgresUrl({
    default: undefined,
    desc: 'Postgres database for the embedded node; the embedded server when absent.',
  }),
  KAFKA_BROKERS: kafkaBrokers({
    default: undefined,
    desc: 'Kafka brokers, comma-separated: every fact is published there, and consumers read it there. They read the log when absent.',
  }),
  SUPERVISION_KEY_FILE: filePath({
    default: undefined,
    desc: 'File of the key that the metrics of the parts ask for; `supervision.key` in the data folder when absent.',
  }),
  // Checked here and read by the parts, which get the environment as it is.
  ...brokerAddressEnvironment,
  ...kafkaEnvironment,
  KAFKA_RETENTION_MS: relayEnvironment.KAFKA_RETENTION_MS,
  KAFKA_REPLICATION_FACTOR: relayEnvironment.KAFKA_REPLICATION_FACTOR,
  KAFKA_MIN_INSYNC_REPLICAS: relayEnvironment.KAFKA_MIN_INSYNC_REPLICAS,
  ...diskEnvironment,
};

/** From the environment and `.env`; ends the process with a message if something is wrong. */
export function standaloneConfig(): StandaloneConfig {
  const env = configOrExit(standaloneEnvironment);
  return {
    dataDir: resolve(env.VOLTRACE_DATA_DIR ?? '.voltrace'),
    dataDirChosen: env.VOLTRACE_DATA_DIR !== undefined,
    host: env.HOST,
    port: env.PORT,
    mqttPort: env.MQTT_PORT,
    logLevel: env.LOG_LEVEL,
    eventStoreUrl: env.EVENTSTORE_URL,
    databaseUrl: env.DATABASE_URL,
    eventNodeDatabaseUrl: env.EVENT_NODE_DATABASE_URL,
    kafkaBrokers: env.KAFKA_BROKERS,
    VOLTRACE_DISK_RESERVE_BYTES: env.VOLTRACE_DISK_RESERVE_BYTES,
    VOLTRACE_DISK_FOLDERS: env.VOLTRACE_DISK_FOLDERS,
  };
}
