import { apiEnvironment } from '#apps/api/settings.js';
import { consumersEnvironment } from '#apps/consumers/config.js';
import { controlEnvironment } from '#apps/cycler-control/config.js';
import { simEnvironment } from '#apps/cycler-sim/config.js';
import { eventNodeEnvironment } from '#apps/event-node/config.js';
import { bridgeEnvironment } from '#apps/mqtt-bridge/config.js';
import { brokerEnvironment } from '#apps/mqtt-broker/config.js';
import { projectorEnvironment } from '#apps/projector/config.js';
import { relayEnvironment } from '#apps/relay/config.js';
import { standaloneEnvironment } from '#apps/standalone/config.js';

/** What each app reads of its environment, by the name of its folder. */
export const environments = {
  standalone: standaloneEnvironment,
  api: apiEnvironment,
  projector: projectorEnvironment,
  relay: relayEnvironment,
  consumers: consumersEnvironment,
  'event-node': eventNodeEnvironment,
  'mqtt-broker': brokerEnvironment,
  'mqtt-bridge': bridgeEnvironment,
  'cycler-control': controlEnvironment,
  'cycler-sim': simEnvironment,
};
