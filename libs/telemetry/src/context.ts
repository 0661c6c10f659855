import { asStored } from '#kernel/as-stored.js';
import { type Context, readers } from '#kernel/context.js';

import { quarantineDecider } from './quarantine/decider.js';
import { samplesDecider } from './samples/decider.js';
import { seriesDecider } from './series/decider.js';

const name = 'telemetry';

export const telemetry: Context = {
  name,
  categories: [seriesDecider, samplesDecider, quarantineDecider],
  contract: {
    context: name,
    topic: 'voltrace.telemetry.v1',
    partitions: 6,
    summary:
      'Which sites and devices there are, what their series stand for, and what happened at them.',
    categories: [asStored(name, seriesDecider)],
  },
  permissions: {
    'samples.read': [...readers, 'service'],
    'samples.write': ['curator', 'engineer', 'admin', 'service'],
  },
  tags: { samples: 'What devices measured.' },
  routes: async () => [(await import('./telemetry.module.js')).TelemetryModule],
};
