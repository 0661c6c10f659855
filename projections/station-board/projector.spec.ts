import { describe, expect, it } from 'vitest';

import { experimentEvents } from '#battery-lab/experiment/events.js';
import type { queueEvents } from '#battery-lab/queue/events.js';
import { cyclerSamplesEvents } from '#battery-lab/samples/events.js';
import type { StoredEvent } from '#event-log/event-log.js';
import { exampleEvents } from '#kernel/event-types.js';

import { changes } from './projector.js';
import type { BoardWork } from './rows.js';

const newWork = (): BoardWork => ({
  ...{ stations: new Map(), units: new Map(), links: new Map(), queues: new Map() },
  ...{ experiments: new Map(), latest: new Map(), alarms: new Map() },
});
const { CyclerSamplesRecorded: records } = exampleEvents(cyclerSamplesEvents);
const experiment = exampleEvents(experimentEvents);

/** The rows after these, in their order. */
const after = (
  events: readonly (readonly [stream: string, { readonly type: string; readonly data: object }])[],
): BoardWork => {
  const work = newWork();
  for (const [at, [stream, { type, data }]] of events.entries()) {
    const position = { commit: BigInt(at + 1), prepare: BigInt(at + 1) };
    changes[type]?.(work, { stream, type, data, position } as unknown as StoredEvent);
  }
  return work;
};

describe('the newest record of an experiment', () => {
  const chunk = (testTimeS: readonly number[], voltageV: readonly number[]) => ({
    ...records,
    data: { ...records.data, testTimeS, voltageV },
  });

  it('is that of the greatest test time, in whatever order chunks come', () => {
    const { latest } = after([
      ['cyclerSamples-e.20260504', chunk([20, 30], [3.7, 3.8])],
      ['cyclerSamples-e.20260504', chunk([0, 10], [3.5, 3.6])],
    ]);
    expect(latest.get('e')).toMatchObject({
      position: '1',
      record: { testTimeS: 30, voltageV: 3.8, channels: { cell1V: 1.8 } },
    });
  });
});

describe('a queue', () => {
  const on = (type: keyof typeof queueEvents, experimentId: string, more: object = {}) =>
    ['stationQueue-s', { type, data: { experimentId, ...more } }] as const;

  it('is that of the station, in its order', () => {
    const events = [
      ...['a', 'b', 'c'].map((id) => on('ExperimentEnqueued', id)),
      on('ExperimentTaken', 'a'),
      on('ExperimentMoved', 'c', { place: 0 }),
    ];
    expect(after(events).queues.get('s')).toMatchObject({ waiting: ['c', 'b'], running: 'a' });
    const over = [...events, on('StationReleased', 'a'), on('ExperimentDequeued', 'b')];
    expect(after(over).queues.get('s')).toMatchObject({ waiting: ['c'], running: null });
  });
});

describe('the steps of an experiment', () => {
  it('stand in the order of their ids', () => {
    const steps = [
      { loop: [{ do: 'cc', currentA: 1, until: [{ voltageV: 4.2 }] }], times: 3 },
      {
        do: 'drive',
        quantity: 'current',
        points: [
          [1, 2],
          [3, 4],
        ],
      },
    ];
    const { data } = experiment.ExperimentQueued;
    const { experiments } = after([
      ['experiment-e', { type: 'ExperimentQueued', data: { ...data, program: { steps } } }],
      ['experiment-e', experiment.StepStarted],
    ]);
    expect(experiments.get('e')).toMatchObject({
      steps: [
        { do: 'cc', currentA: 1 },
        { do: 'drive', points: 2 },
      ],
      ...{ step_from_s: '0', document: { step: { stepCount: 1 } }, position: '2' },
    });
  });
});
