import { maxSilenceS } from '#cycling/protocol/messages.js';
import { factSourceEnvironment } from '#fanout/fact-source.js';
import { integer } from '#process/config.js';
import { logEnvironment, storesEnvironment, supervisionEnvironment } from '#process/environment.js';

/** The environment of the supervision of experiments; `docs/configuration.md` is generated from it. */
export const controlEnvironment = {
  ...storesEnvironment,
  ...factSourceEnvironment,
  CYCLER_SILENT_SECONDS: integer(
    2 * maxSilenceS,
    3_600,
  )({
    default: 30,
    desc: `A running experiment without records for so long is ended: output off, until an operator resets it. Units send one every ${String(maxSilenceS)} s; twice that is the least.`,
  }),
  CYCLER_LEASE_SECONDS: integer(
    5,
    3_600,
  )({
    default: 15,
    desc: 'A unit may go on for so long by itself when it hears nothing of its supervision.',
  }),
  ...logEnvironment,
  ...supervisionEnvironment,
};
