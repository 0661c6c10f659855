import { access } from '#access/context.js';
import { batteryLab } from '#battery-lab/context.js';
import { fanout } from '#fanout/context.js';
import type { Context } from '#kernel/context.js';
import { productRegistry } from '#product-registry/context.js';
import { subscription } from '#subscription/context.js';
import { telemetry } from '#telemetry/context.js';

/** The log and the process themselves. */
const operations: Context = {
  name: 'api',
  categories: [],
  permissions: {
    'events.read': ['auditor', 'admin'],
    'metrics.read': ['operator', 'auditor', 'admin', 'service'],
  },
  tags: {
    events: 'The log itself: replay and live feed.',
    operations: 'Health, metrics, read models, the relay and consumers.',
  },
};

/** Every context, and the libraries that have streams or routes of their own. */
export const contexts: readonly Context[] = [
  productRegistry,
  batteryLab,
  telemetry,
  access,
  fanout,
  subscription,
  operations,
];
