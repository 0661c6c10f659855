import {
  configOrExit,
  eventStoreUrl,
  hostName,
  portNumber,
  postgresUrl,
} from '#observability/config.js';

export interface ProjectorConfig {
  readonly EVENTSTORE_URL: string;
  readonly DATABASE_URL: string;
  readonly HEALTH_HOST: string;
  /** Absent: no health server. */
  readonly HEALTH_PORT: number | undefined;
}

/** The projector's settings; ends the process with a message where one is wrong. */
export const readConfig = (): ProjectorConfig =>
  configOrExit({
    EVENTSTORE_URL: eventStoreUrl({ desc: 'the event log' }),
    DATABASE_URL: postgresUrl({ desc: 'the database of the read models' }),
    HEALTH_HOST: hostName({ default: '127.0.0.1', desc: 'where health and metrics are served' }),
    HEALTH_PORT: portNumber({ default: undefined, desc: 'port of health and metrics' }),
  });
