import { logEnvironment, storesEnvironment, supervisionEnvironment } from '#process/environment.js';

/** The environment of the projector; `docs/configuration.md` is generated from it. */
export const projectorEnvironment = {
  ...storesEnvironment,
  ...logEnvironment,
  ...supervisionEnvironment,
};
