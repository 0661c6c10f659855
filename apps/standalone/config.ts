import { resolve } from 'node:path';

import {
  configOrExit,
  eventStoreUrl,
  folder,
  hostName,
  oneOf,
  portNumber,
  postgresUrl,
} from '#observability/config.js';
import { type LogLevel, logLevels } from '#observability/logging.js';

export interface StandaloneConfig {
  /** Absolute. */
  readonly dataDir: string;
  /** Named by VOLTRACE_DATA_DIR, so used or refused, never replaced. */
  readonly dataDirChosen: boolean;
  readonly host: string;
  /** 0: a free one, the same over restarts of the API. */
  readonly port: number;
  readonly logLevel: LogLevel;
  /** Absent: the embedded part. */
  readonly eventStoreUrl: string | undefined;
  readonly databaseUrl: string | undefined;
  /** For an event node of ours on a database of yours. */
  readonly eventNodeDatabaseUrl: string | undefined;
}

/** From the environment and `.env`; ends the process with a message if something is wrong. */
export function standaloneConfig(): StandaloneConfig {
  const env = configOrExit({
    VOLTRACE_DATA_DIR: folder({ default: undefined }),
    HOST: hostName({ default: '127.0.0.1' }),
    PORT: portNumber({ default: 8080 }),
    LOG_LEVEL: oneOf(...logLevels)({ default: 'info' }),
    EVENTSTORE_URL: eventStoreUrl({ default: undefined }),
    DATABASE_URL: postgresUrl({ default: undefined }),
    EVENT_NODE_DATABASE_URL: postgresUrl({ default: undefined }),
  });
  return {
    dataDir: resolve(env.VOLTRACE_DATA_DIR ?? '.voltrace'),
    dataDirChosen: env.VOLTRACE_DATA_DIR !== undefined,
    host: env.HOST,
    port: env.PORT,
    logLevel: env.LOG_LEVEL,
    eventStoreUrl: env.EVENTSTORE_URL,
    databaseUrl: env.DATABASE_URL,
    eventNodeDatabaseUrl: env.EVENT_NODE_DATABASE_URL,
  };
}
