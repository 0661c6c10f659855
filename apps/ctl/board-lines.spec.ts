import { describe, expect, it } from 'vitest';

import {
  boardColumns,
  type BoardExperiment,
  boardLine,
  boardRow,
  type BoardStation,
  duration,
  experimentLines,
} from './board-lines.js';

const record = (testTimeS: number, voltageV: number) => ({
  ...{ at: '2026-05-04T11:00:00.000Z', testTimeS, voltageV, currentA: 1.3, powerW: 5.2 },
  ...{ temperatureC: 25.04, channels: { cell1V: 1.9 } },
});
const experiment: BoardExperiment = {
  ...{ id: 'e', name: 'aging \u001b[31m7', status: 'running', output: 'on', message: null },
  step: {
    ...{ stepCount: 5, stepId: 1, cycle: 2, sentence: 'Charge at 1.3 A until 4.2 V' },
    elapsedS: 61,
  },
  latest: record(90_061, 4.0001),
};
const station: BoardStation = {
  ...{ id: 's', name: 'station 4', status: 'inUse', unit: { name: 'pi', isOnline: false } },
  experiment,
  alarms: [{ experimentId: 'e', severity: 'warning', message: 'it is warm', isAcknowledged: true }],
  queue: { length: 2, next: { name: 'next one' } },
};
const idle: BoardStation = {
  ...station,
  ...{ unit: { name: null, isOnline: null }, experiment: null, alarms: [] },
  queue: { length: 0, next: null },
};

it('tells times of seconds and of weeks', () => {
  expect([duration(0), duration(3_725.9), duration(14 * 86_400 + 1)]).toEqual([
    ...['00:00:00', '01:02:05', '14 d 00:00:01'],
  ]);
});

describe('a station of the board', () => {
  it('is a row, and a line where the output is no terminal', () => {
    const row = boardRow(station);
    expect(row).toHaveLength(boardColumns.length);
    expect(row).toEqual([
      ...['station 4', 'pi (offline)', 'aging  [31m7: running'],
      ...['5. Charge at 1.3 A until 4.2 V (cycle 2)', '1 d 01:01:01', '4.000 V', '1.300 A'],
      ...['25.0 °C', 'warning: it is warm', '2, next one next'],
    ]);
    const resting = { ...experiment, latest: { ...record(1, 4), currentA: -0.0004 } };
    expect(boardRow({ ...station, experiment: resting })).toContain('0.000 A');
    expect(boardRow(idle)).toEqual([
      ...['station 4', '(never seen)', '-', '-', '-', '-', '-', '-', '', '0'],
    ]);
    expect(boardLine(station)).not.toContain('\n');
  });
});

describe('an experiment that is watched', () => {
  it('shows step, values, plots of what came, alarms and what waits', () => {
    const records = [record(90_000, 3.9), record(90_061, 4)];
    const lastCycle = { cycle: 1, chargeAh: 1.05, dischargeAh: 1.06 };
    const lines = experimentLines({ station, experiment, records, lastCycle, width: 60 });
    const text = lines.join('\n');
    for (const part of [
      'output on',
      'unit offline',
      'Step 5 (1 of the program), cycle 2: Charge at 1.3 A until 4.2 V',
      '00:01:01 in the step, 1 d 01:01:01 in the test',
      '4.0001 V   1.3000 A   5.200 W   25.0 °C',
      'cell1V 1.9',
      'Cycle 1: 1.0500 Ah charged, 1.0600 Ah discharged',
      'Voltage in V, the last 00:01:01 of the test',
      '! warning: it is warm (acknowledged)',
      '2 experiments waiting, next one next',
    ]) {
      expect(text).toContain(part);
    }
    expect(text).not.toContain('\u001b');
    // From the lowest value that came, not from nothing.
    expect(text).toContain('3.9 ');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(80);
  });

  it('is plotted by the time of the test, however often records came', () => {
    const early = Array.from({ length: 50 }, (_, at) => record(at / 50, 3));
    const records = [...early, record(9, 3), record(10, 4)];
    const lines = experimentLines({ station, experiment, records, width: 28 });
    const at = lines.findIndex((line) => line.startsWith('Voltage'));
    // The voltage rises in the last tenth alone.
    expect(lines[at + 1]).toMatch(/^4 ⠀{18,19}[^⠀]{1,2}$/u);
  });

  it('is shown before any step or record came', () => {
    const bare = { ...experiment, step: null, latest: null };
    const lines = experimentLines({ station, experiment: bare, records: [], width: 60 });
    expect(lines).toEqual(expect.arrayContaining(['No step has begun.', 'No records have come.']));
  });
});
