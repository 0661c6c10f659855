import { asStored } from '#kernel/as-stored.js';
import { type Context, readers } from '#kernel/context.js';

import { alarmDecider } from './alarm/decider.js';
import { batteryDecider } from './battery/decider.js';
import { cyclerDeviceDecider } from './device/decider.js';
import { experimentDecider } from './experiment/decider.js';
import { profileDecider } from './profile/decider.js';
import { queueDecider } from './queue/decider.js';
import { cyclerSamplesDecider } from './samples/decider.js';
import { experimentOfSamples } from './samples/events.js';
import { stationDecider } from './station/decider.js';
import { unitDecider } from './unit/decider.js';

const name = 'battery-lab';
const things = [
  ...[batteryDecider, cyclerDeviceDecider, unitDecider, stationDecider, profileDecider],
  ...[queueDecider, experimentDecider, alarmDecider],
];

export const batteryLab: Context = {
  name,
  categories: [...things, cyclerSamplesDecider],
  contracts: [
    {
      context: name,
      topic: 'voltrace.battery-lab.v1',
      partitions: 6,
      summary:
        'Which batteries, devices, units and stations a lab has, by which programs it tests, and what happens in its experiments.',
      categories: things.map((types) => asStored(name, types)),
    },
    {
      context: name,
      topic: 'voltrace.battery-lab.samples.v1',
      partitions: 6,
      summary: 'What cyclers recorded of batteries under test. Keyed by experiment.',
      // What a stream knows repetitions by helps nobody who reads each chunk once.
      categories: [
        asStored(name, cyclerSamplesDecider, {
          key: { about: 'The experiment, as in the data.', of: experimentOfSamples },
          without: ['seen'],
        }),
      ],
    },
  ],
  permissions: {
    'lab.read': [...readers, 'service'],
    'lab.write': ['engineer', 'admin'],
    'lab.operate': ['engineer', 'operator', 'admin'],
  },
  tags: { lab: 'Batteries, the stations that they are tested on, programs and experiments.' },
  routes: async () => [
    (await import('./battery-lab.module.js')).BatteryLabModule,
    (await import('./import/experiment-import.module.js')).ExperimentImportModule,
  ],
};
