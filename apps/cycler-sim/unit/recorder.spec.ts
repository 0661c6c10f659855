import { expect, it } from 'vitest';

import { Recorder, type Row } from './recorder.js';

const row = (testTimeS: number, currentA: number): Row => ({
  ...{ testTimeS, utcS: testTimeS, stepCount: 1, stepId: 1, cycle: 1 },
  ...{ voltageV: 3.7, currentA, temperatureC: 25 },
});

/** The test times that are recorded of a current that jumps at one of them. */
const recorded = (jumpS: number, rule: { readonly everyS: number; readonly dA?: number }) => {
  const recorder = new Recorder();
  for (let at = 0; at <= 30; at += 1) {
    recorder.take(row(at, at < jumpS ? 1 : 8), rule, at === 0 || at === 30);
  }
  return recorder.chunks(true).flatMap((rows) => rows.map(({ testTimeS }) => testTimeS));
};

it('records what came just before a change, also where a record is due at the change itself', () => {
  expect(recorded(15, { everyS: 10, dA: 1 })).toEqual([0, 10, 14, 15, 25, 29, 30]);
  expect(recorded(20, { everyS: 10, dA: 1 })).toEqual([0, 10, 19, 20, 29, 30]);
  expect(recorded(30, { everyS: 10 })).toEqual([0, 10, 20, 29, 30]);
});
