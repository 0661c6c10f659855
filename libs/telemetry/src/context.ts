import { asStored } from '#kernel/as-stored.js';
import { type Context, readers } from '#kernel/context.js';

import { configurationDecider } from './configuration/decider.js';
import { credentialDecider } from './credential/decider.js';
import { deviceDecider } from './device/decider.js';
import { formulaDecider } from './formula/decider.js';
import { linkDecider } from './link/decider.js';
import { occurrenceDecider } from './occurrence/decider.js';
import { quarantineDecider } from './quarantine/decider.js';
import { samplesDecider } from './samples/decider.js';
import { deviceOfSamples } from './samples/events.js';
import { seriesDecider } from './series/decider.js';
import { siteDecider } from './site/decider.js';

const name = 'telemetry';

export const telemetry: Context = {
  name,
  categories: [
    siteDecider,
    deviceDecider,
    credentialDecider,
    configurationDecider,
    seriesDecider,
    samplesDecider,
    quarantineDecider,
    occurrenceDecider,
    linkDecider,
    formulaDecider,
  ],
  contracts: [
    {
      context: name,
      topic: 'voltrace.telemetry.v1',
      partitions: 6,
      summary:
        'Which sites and devices there are, what their series stand for, and what happened at them.',
      categories: [
        ...[siteDecider, deviceDecider, seriesDecider, occurrenceDecider, formulaDecider],
      ].map((types) => asStored(name, types)),
    },
    {
      context: name,
      topic: 'voltrace.telemetry.samples.v1',
      partitions: 12,
      summary: 'What devices measured, as it came, and what persons corrected. Keyed by device.',
      // What a stream knows repetitions by helps nobody who reads each chunk once.
      categories: [
        asStored(name, samplesDecider, {
          key: { about: 'The device, as in the data.', of: deviceOfSamples },
          without: ['seen'],
        }),
      ],
    },
  ],
  permissions: {
    'devices.read': [...readers, 'service'],
    'devices.write': ['curator', 'engineer', 'admin'],
    'devices.credentials': ['admin', 'service'],
    'formulas.read': [...readers, 'service'],
    'formulas.write': ['engineer', 'admin'],
    // What could not be read may hold anything: it is for those who look after it.
    'quarantine.read': ['curator', 'engineer', 'operator', 'auditor', 'admin'],
    'quarantine.write': ['curator', 'engineer', 'operator', 'admin'],
    'samples.read': [...readers, 'service'],
    'samples.write': ['curator', 'engineer', 'admin', 'service'],
  },
  tags: {
    devices: 'Sites, devices, and how devices connect.',
    formulas: 'Series of a site that are computed from others.',
    quarantine: 'What devices sent and could not be taken.',
    samples: 'What devices measured.',
  },
  routes: async () => [(await import('./telemetry.module.js')).TelemetryModule],
};
