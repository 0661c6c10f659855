import { oneOf } from '#process/config.js';
import { logEnvironment, storesEnvironment, supervisionEnvironment } from '#process/environment.js';

/** The environment of the projector; `docs/configuration.md` is generated from it. */
export const projectorEnvironment = {
  ...storesEnvironment,
  ...logEnvironment,
  ...supervisionEnvironment,
  PROJECTOR_UNTIL_BUILT: oneOf(
    'on',
    'off',
  )({
    default: 'off',
    desc: 'With `on` the process ends with 0 as soon as all that this version reads is built: `voltrace subscriptions build`, before a roll-out.',
  }),
};
