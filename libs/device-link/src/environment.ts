import { check } from '#process/config.js';

/** What broker and bridge read of the older topics. */
export const olderTopicEnvironment = {
  MQTT_OLDER_PREFIX: check('letters, digits, _ and -, 64 at most', (input) =>
    /^[\w-]{1,64}$/.test(input),
  )({
    default: undefined,
    desc: 'Prefix of the older topics `<prefix>_read/<prefix>_house_<house>/<device>/<name>/<ms>/data|event`, which are taken too where it is set. `<device>` is the id of the device here; the house is not looked at.',
  }),
};
