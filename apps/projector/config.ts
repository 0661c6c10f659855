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

/** The environment of the projector; `docs/configuration.md` is generated from it. */
export const projectorEnvironment = {
  EVENTSTORE_URL: eventStoreUrl({ desc: 'Connection string of the event store.' }),
  DATABASE_URL: postgresUrl({ desc: 'Postgres database of the read models.' }),
  HEALTH_HOST: hostName({
    default: '127.0.0.1',
    desc: 'Address that health is served on, without a key; metrics only ever to this machine.',
  }),
  HEALTH_PORT: portNumber({
    default: undefined,
    desc: 'Port of health and metrics; not served when absent.',
  }),
};

/** The projector's settings; ends the process with a message where one is wrong. */
export const readConfig = (): ProjectorConfig => configOrExit(projectorEnvironment);
