import { expect, it } from 'vitest';

import {
  examples,
  queued,
  started,
  stateOf,
  stepEnded,
  stepStarted,
} from '../experiment/experiment.fixture.js';
import { instructionBody } from './instruction-body.js';

it('a resume says what the steps before have measured, and what the unit had done of this one', () => {
  const program = {
    steps: [
      { do: 'cc', currentA: -1, until: [{ voltageV: 3 }], measures: 'capacity' },
      { do: 'cc', cRate: 0.5, of: 'measured', until: [{ timeS: 60 }] },
    ],
  };
  const measured = stepEnded(1, 'voltage');
  const last = { ...measured.data.last, capacityAh: -2.4 };
  const events = [
    ...[{ ...queued, data: { ...queued.data, program } }, ...started.slice(1), stepStarted(1)],
    ...[{ ...measured, data: { ...measured.data, last } }, stepStarted(2)],
  ];
  const bodyAfter = (...more: Parameters<typeof stateOf>[0]) =>
    instructionBody('e', 'i', 'resume', stateOf([...events, ...more]));
  const { elapsedS, chargeAh, dischargeAh } = examples.ExperimentInterrupted.data;
  expect(bodyAfter(examples.ExperimentInterrupted)).toMatchObject({
    ...{ kind: 'resume', measuredCapacityAh: 2.4 },
    at: { stepCount: 2, stepTimeS: elapsedS, chargeAh, dischargeAh },
  });
  // What it did since, the unit alone knows.
  const { ExperimentInterrupted, ExperimentResumed, ExperimentPaused } = examples;
  const paused = bodyAfter(ExperimentInterrupted, ExperimentResumed, ExperimentPaused);
  expect(paused).toMatchObject({ measuredCapacityAh: 2.4 });
  expect(paused).not.toHaveProperty('at');
});
