import { brokerAddressEnvironment, olderTopicEnvironment } from '#device-link/environment.js';
import { eventStoreUrl, integer, portNumber, postgresUrl } from '#process/config.js';
import { logEnvironment, supervisionEnvironment } from '#process/environment.js';

/** The environment of the embedded broker; `docs/configuration.md` is generated from it. */
export const brokerEnvironment = {
  EVENTSTORE_URL: eventStoreUrl({ desc: 'Connection string of the event store.' }),
  DATABASE_URL: postgresUrl({
    default: undefined,
    desc: 'PostgreSQL, for the leases of units; without it no cycler is supervised.',
  }),
  ...brokerAddressEnvironment,
  MQTT_PORT: portNumber({
    default: 1883,
    desc: 'Port of the embedded MQTT broker; 0 takes a free one.',
  }),
  MQTT_MAX_CONNECTIONS: integer(
    1,
    100_000,
  )({ default: 2_000, desc: 'Connections that the embedded broker accepts.' }),
  MQTT_MESSAGES_PER_SECOND: integer(
    1,
    1_000_000,
  )({
    default: 200,
    desc: 'Messages of one device a second, in the long run; what is more is acknowledged later.',
  }),
  ...olderTopicEnvironment,
  ...logEnvironment,
  ...supervisionEnvironment,
};
