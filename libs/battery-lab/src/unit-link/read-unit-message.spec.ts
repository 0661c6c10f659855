import { describe, expect, it } from 'vitest';

import { readUnitMessage } from './read-unit-message.js';
import { chunksOf, problemsOf } from './records.js';

const named = { experiment: 'e', station: 's' };
const records = (t0: string, testTimeS: number) => ({
  ...{ ...named, t0, testTimeS: [testTimeS], stepCount: [1], stepId: [1], cycle: [1] },
  ...{ voltageV: [3.6], currentA: [1], temperatureC: [25] },
});
const step = (at: string, testTimeS: number) => ({
  ...{ ...named, what: 'started', stepCount: 1, stepId: 1, cycle: 1, testTimeS, at, durationS: 0 },
  ...{ chargeAh: 0, dischargeAh: 0, chargeWh: 0, dischargeWh: 0 },
  ...{ voltageV: 3.6, currentA: 1, temperatureC: 25 },
});
const answer = (at: string) => ({ type: 'instruction', instruction: 'i', status: 'done', at });

/** No time: the last is one that schemas take, of the year 0. */
const wrong = [
  '2016-12-31T23:59:60Z',
  '2026-05-04T11:00:00+05',
  '2026-13-04T11:00:00Z',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59Z',
];

describe('a message of a unit', () => {
  it.each(wrong)('is refused with the member that names no time: %s', (text) => {
    const at = [expect.objectContaining({ pointer: '/body/at' })];
    expect(readUnitMessage('step', step(text, 0))).toEqual(at);
    expect(readUnitMessage('answer', answer(text))).toEqual(at);
    const t0 = [expect.objectContaining({ pointer: '/body/t0' })];
    expect(readUnitMessage('samples', records(text, 0))).toEqual(t0);
  });

  it.each([-1, 1e300])('is refused with a test time of %s s', (testTimeS) => {
    const time = '2026-05-04T11:00:00Z';
    const read = readUnitMessage('samples', records(time, testTimeS));
    expect(read).toMatchObject([{ pointer: '/body/testTimeS/0' }]);
    expect(readUnitMessage('step', step(time, testTimeS))).toMatchObject([
      { pointer: '/body/testTimeS' },
    ]);
  });

  it.each(['1970-01-01T00:00:00Z', '2026-05-04T11:00:00.5+02:00', '9899-12-31T23:59:59Z'])(
    'has records of days with years of four digits, whatever it says: %s',
    (t0) => {
      const body = {
        ...records(t0, 0),
        ...{ testTimeS: [0, 1e9], stepCount: [1, 1], stepId: [1, 1], cycle: [1, 1] },
        ...{ voltageV: [3.6, 3.6], currentA: [1, 1], temperatureC: [25, 25] },
      };
      const read = readUnitMessage('samples', body);
      if (!('kind' in read) || read.kind !== 'samples') throw new Error('it is none');
      expect(problemsOf(read.body)).toEqual([]);
      const days = chunksOf(read.body).map(({ from }) => from);
      expect(days.every((day) => /^\d{4}-/.test(day))).toBe(true);
    },
  );

  it.each([
    ['/body/stepCount/0', { stepCount: [1e300] }],
    ['/body/cycle/0', { cycle: [1e300] }],
    ['/body/voltageV/0', { voltageV: [1e308] }],
    ['/body/channels/half\ufffd', { channels: { 'half\ud800': [1] } }],
    ['/body/channels/nul\ufffd', { channels: { 'nul\0': [1] } }],
    ['/body/channels/two\ufffdlines', { channels: { 'two\nlines': ['x'] } }],
    [`/body/channels/${'x'.repeat(101)}`, { channels: { ['x'.repeat(101)]: [1] } }],
    ['/body/experiment', { experiment: 'e\ud800' }],
  ])('is refused where its records could not be kept: %j', (pointer, wrongly) => {
    const body = { ...records('2026-05-04T11:00:00Z', 0), ...wrongly };
    expect(readUnitMessage('samples', body)).toMatchObject([{ pointer }]);
  });

  it.each([
    ['/body/durationS', { durationS: -1 }],
    ['/body/chargeAh', { chargeAh: -0.1 }],
    ['/body/currentA', { currentA: 1e308 }],
    ['/body/stepCount', { stepCount: 1e300 }],
    ['/body/reason', { reason: 'half a \ud83d' }],
  ])('is refused where its step could not be kept: %j', (pointer, wrongly) => {
    const body = { ...step('2026-05-04T11:00:00Z', 0), ...wrongly };
    expect(readUnitMessage('step', body)).toMatchObject([{ pointer }]);
  });
});
