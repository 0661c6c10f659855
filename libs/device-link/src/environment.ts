import { check, hostName } from '#process/config.js';

/** What broker and bridge read of the older topics. */
export const olderTopicEnvironment = {
  MQTT_OLDER_PREFIX: check('letters, digits, _ and -, 64 at most', (input) =>
    /^[\w-]{1,64}$/.test(input),
  )({
    default: undefined,
    desc: 'Prefix of the older topics `<prefix>_read/<prefix>_house_<house>/<device>/<name>/<ms>/data|event`, which are taken too where it is set. `<device>` is the id of the device here; the house is not looked at.',
  }),
};

/** Where the embedded broker listens: of the broker, and of `npm start`, whose parts get its environment. */
export const brokerAddressEnvironment = {
  MQTT_HOST: hostName({
    default: '127.0.0.1',
    desc: 'Address that the embedded MQTT broker listens on. It speaks without TLS: put a proxy in front of it for other networks.',
  }),
};
