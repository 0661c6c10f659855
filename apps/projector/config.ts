import {
  configOrExit,
  eventStoreUrl,
  healthEnvironment,
  type HealthSettings,
  postgresUrl,
} from '#observability/config.js';

export interface ProjectorConfig extends HealthSettings {
  readonly EVENTSTORE_URL: string;
  readonly DATABASE_URL: string;
}

/** The environment of the projector; `docs/configuration.md` is generated from it. */
export const projectorEnvironment = {
  EVENTSTORE_URL: eventStoreUrl({ desc: 'Connection string of the event store.' }),
  DATABASE_URL: postgresUrl({ desc: 'Postgres database of the read models.' }),
  ...healthEnvironment,
};

/** The projector's settings; ends the process with a message where one is wrong. */
export const readConfig = (): ProjectorConfig => configOrExit(projectorEnvironment);
