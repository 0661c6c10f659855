import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Refusal } from '#kernel/refusal.js';

import { type DriveFile, readDriveFile, scaled, withDrives } from './drive-file.js';
import { readSentences } from './sentences.js';
import { setPoint } from './set-point.js';
import { programErrors } from './validate.js';

const refusalOf = (read: () => unknown): Refusal => {
  try {
    read();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('it is not refused');
};
const points: DriveFile['points'] = [
  [0, 0],
  [1, -2.5],
  [2.5, 1],
];

describe('a file of a drive cycle', () => {
  it.each([
    ['time,current\r\n0,0\r\n1,-2.5\r\n2.5,1\r\n', 'current'],
    ['\uFEFFcurrent_mA;speed_kmh;time_ms\n0;0;0\n-2500;3;1000\n1000;x;2500', 'current'],
    ['Time / s\tPower / kW\n# US06\n0\t0\n1\t-0.0025\n2.5\t0.001', 'power'],
    ['t [s], P (W)\n0, 0\n1, -2.5\n2.5, 1', 'power'],
  ])('%j has its quantity and points', (text, quantity) => {
    expect(readDriveFile(text)).toEqual({ quantity, points });
  });

  it('may tell voltages, which are held', () => {
    const drive = readDriveFile('time_min,voltage_mV\n0,3600\n0.5,3700');
    expect(drive).toEqual({
      ...{
        quantity: 'voltage',
        points: [
          [0, 3.6],
          [30, 3.7],
        ],
      },
    });
    expect(setPoint({ do: 'drive', ...drive }, { stepTimeS: 30, voltageV: 3.5 })).toEqual({
      ...{ mode: 'voltage', voltageV: 3.7 },
    });
    const step = { do: 'drive', ...scaled(drive, -1) };
    expect(programErrors({ steps: [step] })).toEqual([
      { pointer: '/steps/0/points/0/1', reason: 'expected more than 0 V' },
    ]);
  });

  it.each([
    ['', /line 1, .* a header/],
    ['0,0\n1,1', /line 1, .* a header/],
    ['time,current,power\n0,0,0', /line 1, .* a header/],
    ['time_s,current_kmh\n0,0', /line 1, .* a header/],
    ['time,current\n0,0', /line 2, .* two points/],
    ['time,current\n0,0\n1', /line 3, column 2: expected a number/],
    ['time,current\n0,0\n1,1 A', /line 3, column 3: expected a number/],
    ['time,current\n1,0', /line 2, column 1: expected the time 0/],
    [
      'time_s;current_a\n0;1,5\n1;-2,75',
      /line 2, column 3: expected a number with a decimal point/,
    ],
    ['time,current\n0,0\n1,2,75', /line 3, column 5: expected no more than 2 values/],
    ['time,current\n0,0\n2,1\n\n2,3', /line 5, .* a time after 2 s/],
  ])('%j is refused with its line', (text, reason) => {
    expect(refusalOf(() => readDriveFile(text)).details.errors?.[0]?.reason).toMatch(reason);
  });

  it('is read as it was written, whatever its values', () => {
    const value = fc.integer({ min: -1_000_000, max: 1_000_000 }).map((number) => number / 1_000);
    const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 100 }), value), { minLength: 2 });
    fc.assert(
      fc.property(steps, (given) => {
        let timeS = 0;
        const written = given.map(([dtS, one], at): [number, number] => [
          (timeS += at === 0 ? 0 : dtS),
          one,
        ]);
        const lines = written.map(([time, one]) => `${String(time)},${String(one)}`);
        const text = ['time_s,power_w', ...lines].join('\n');
        expect(readDriveFile(text)).toEqual({ quantity: 'power', points: written });
        expect(scaled(scaled(readDriveFile(text), -1), -1).points).toEqual(written);
      }),
    );
  });
});

describe('a program that names files of drive cycles', () => {
  const files = new Map([['us06', { quantity: 'current', points } as const]]);

  it('has their points in it, wherever they stand, scaled where it says so', () => {
    const drive = { do: 'drive', file: 'us06', until: [{ voltageV: 3, is: 'atMost' }] };
    const program = { steps: [{ loop: [{ ...drive, scale: -2 }], times: 3 }, drive], x: drive };
    const { until } = drive;
    expect(withDrives(program, files)).toEqual({
      steps: [
        {
          loop: [
            {
              ...{ do: 'drive', until, quantity: 'current' },
              points: [
                [0, 0],
                [1, 5],
                [2.5, -2],
              ],
            },
          ],
          times: 3,
        },
        { do: 'drive', until, quantity: 'current', points },
      ],
      x: drive,
    });
  });

  it('is refused with each name and factor that is none', () => {
    const steps = [
      { do: 'drive', file: 'wltp' },
      { do: 'drive', file: 'us06', scale: 0 },
      { do: 'drive', file: 'us06', scale: 'x' },
    ];
    expect(refusalOf(() => withDrives({ steps }, files)).details.errors).toEqual([
      { pointer: '/program/steps/0/file', reason: 'expected us06' },
      { pointer: '/program/steps/1/scale', reason: 'expected a number that is not 0' },
      { pointer: '/program/steps/2/scale', reason: 'expected a number that is not 0' },
    ]);
    expect(withDrives(null, files)).toBeNull();
  });

  it('may be sentences, which follow them by their names in quotes', () => {
    const text =
      'Repeat 2 times:\n  Follow "us06" times -2 until below 3 V (1 s period)\nFollow "us06"';
    expect(readSentences(text, files)).toEqual({
      steps: [
        {
          loop: [
            {
              ...{ do: 'drive', ...scaled({ quantity: 'current', points }, -2) },
              ...{ until: [{ voltageV: 3, is: 'atMost' }], record: { everyS: 1 } },
            },
          ],
          times: 2,
        },
        { do: 'drive', quantity: 'current', points },
      ],
    });
  });

  it.each([
    ['Follow us06', /line 1, column 8: expected the name of a drive cycle in quotes/],
    ['Follow "wltp"', /line 1, column 8: expected "us06", and not ""wltp""/],
    ['Follow "us06" times 0', /line 1, column 21: expected a factor that is not 0/],
    ['Follow "us06" until 3 V', /line 1, column 21: expected another end: expected "is"/],
    ['Rest "us06"', /line 1, column 6: expected "for" or "until"/],
  ])('cannot be %j', (text, reason) => {
    const { errors } = refusalOf(() => readSentences(text, files)).details;
    expect(errors?.[0]?.reason).toMatch(reason);
  });
});
