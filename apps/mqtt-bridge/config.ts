import { olderTopicEnvironment } from '#device-link/environment.js';
import { check, filePath } from '#process/config.js';
import { logEnvironment, storesEnvironment, supervisionEnvironment } from '#process/environment.js';

/** The environment of the bridge; `docs/configuration.md` is generated from it. */
export const bridgeEnvironment = {
  ...storesEnvironment,
  MQTT_URL: check('a URL such as mqtt://127.0.0.1:1883 or mqtts://broker.example', (input) =>
    /^mqtts?:\/\/[^/?#\s]+$/.test(input),
  )({ desc: 'The broker that devices are connected to, such as Mosquitto.' }),
  MQTT_CREDENTIALS_FILE: filePath({
    default: undefined,
    desc: 'File whose first line is the user name of the bridge at the broker, the second one its password.',
  }),
  MQTT_CLIENT_ID: check('letters, digits, _ and -, 60 at most', (input) =>
    /^[\w-]{1,60}$/.test(input),
  )({
    default: 'voltrace-bridge',
    desc: 'Names the sessions of the bridge at the broker: the same over restarts, and for a bridge that stands by.',
  }),
  ...olderTopicEnvironment,
  ...logEnvironment,
  ...supervisionEnvironment,
};
