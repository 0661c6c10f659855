import { factSourceEnvironment } from '#fanout/fact-source.js';
import { logEnvironment, storesEnvironment, supervisionEnvironment } from '#process/environment.js';

/** The environment of the consumers; `docs/configuration.md` is generated from it. */
export const consumersEnvironment = {
  ...storesEnvironment,
  ...factSourceEnvironment,
  ...logEnvironment,
  ...supervisionEnvironment,
};
