import { assert, property } from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Bench, BenchDevice } from './bench.js';
import { check, type Finding } from './check.js';
import { bench, cycler, cycling } from './examples.fixture.js';
import type { Program, ProgramNode, Step } from './program.js';
import { programs } from './programs.fixture.js';

const source: BenchDevice = {
  ...{ name: 'PS 2042', type: 'source', limits: { currentA: { min: 0, max: 20 } } },
};
const load: BenchDevice = {
  ...{ name: 'KEL 103', type: 'load', limits: { currentA: { min: -3, max: 0 } } },
};
const pair: Bench = { ...bench, devices: [source, load] };
const short = ({ severity, pointer, code }: Finding) => `${severity} ${pointer} ${code}`;
const findingsOf = (steps: readonly ProgramNode[], on: Bench = bench) =>
  check({ steps }, on).map(short);
const cc = (currentA: number, ...until: Step['until'] & object): Step => ({
  do: 'cc',
  currentA,
  until,
});
const one = '/steps/0';

describe('the check before a start', () => {
  it('finds nothing in a program that suits', () => {
    expect(check(cycling, bench)).toEqual([]);
    expect(check(cycling, pair)).toEqual([]);
    assert(property(programs, (program) => void check(program, bench)));
  });

  it.each<[string, Step, Bench, readonly string[]]>([
    [
      'a charge above the limit of the current',
      cc(5, { voltageV: 4.2 }),
      bench,
      [`error ${one}/currentA OUTSIDE_LIMITS`],
    ],
    [
      'a rate above the limit of the current',
      { do: 'cc', cRate: 2.5, until: [{ voltageV: 4.2 }] },
      bench,
      [`error ${one}/cRate OUTSIDE_LIMITS`],
    ],
    [
      'a discharge beyond the load',
      cc(-4, { voltageV: 3 }),
      pair,
      [`error ${one}/currentA OUTSIDE_DEVICE_RANGE`],
    ],
    ['a charge, which is no matter of the load', cc(4, { voltageV: 4.2 }), pair, []],
    [
      'a charge without a source',
      cc(1, { voltageV: 4.2 }),
      { ...bench, devices: [load] },
      [`error ${one} NO_DEVICE`],
    ],
    [
      'a discharge without a load',
      cc(-1, { voltageV: 3 }),
      { ...bench, devices: [source] },
      [`error ${one} NO_DEVICE`],
    ],
    [
      'a voltage without either',
      { do: 'cv', voltageV: 4, until: [{ timeS: 1 }] },
      { ...bench, devices: [] },
      [`error ${one} NO_DEVICE`],
    ],
    [
      'a charge to a voltage above the limit',
      cc(1, { voltageV: 4.3 }),
      bench,
      [
        `error ${one}/until/0 OUTSIDE_LIMITS`,
        `warning ${one}/until/0 END_NEVER_MET`,
        `error ${one}/until NO_REACHABLE_END`,
      ],
    ],
    [
      'a discharge to a voltage below the limit',
      cc(-1, { voltageV: 2 }, { timeS: 60 }),
      bench,
      [`error ${one}/until/0 OUTSIDE_LIMITS`, `warning ${one}/until/0 END_NEVER_MET`],
    ],
    [
      'a charge to the limit itself',
      cc(1, { voltageV: 4.25 }),
      bench,
      [`warning ${one}/until/0 AT_LIMIT`],
    ],
    [
      'a voltage above the limit',
      { do: 'cv', voltageV: 4.3, until: [{ timeS: 1 }] },
      bench,
      [`error ${one}/voltageV OUTSIDE_LIMITS`],
    ],
    [
      'a voltage above the range of a device',
      { do: 'cv', voltageV: 7, until: [{ timeS: 1 }] },
      {
        ...bench,
        battery: {
          ...bench.battery,
          limits: { ...bench.battery.limits, voltageV: { min: 1, max: 9 } },
        },
      },
      [`error ${one}/voltageV OUTSIDE_DEVICE_RANGE`],
    ],
    [
      'CC-CV that ends on a voltage above its own',
      { do: 'cccv', currentA: 1, voltageV: 4.1, until: [{ voltageV: 4.2 }] },
      bench,
      [`warning ${one}/until/0 END_NEVER_MET`, `error ${one}/until NO_REACHABLE_END`],
    ],
    [
      'CC-CV that ends on its own current',
      { do: 'cccv', currentA: 1, voltageV: 4.1, until: [{ currentA: 1 }] },
      bench,
      [`error ${one}/until/0 END_MET_AT_ONCE`],
    ],
    [
      'a power that may need too much current',
      { do: 'cp', powerW: 12, until: [{ voltageV: 4.2 }] },
      bench,
      [`warning ${one}/powerW OUTSIDE_LIMITS`],
    ],
    [
      'a power that needs too much current',
      { do: 'cp', powerW: 20, until: [{ voltageV: 4.2 }] },
      bench,
      [`error ${one}/powerW OUTSIDE_LIMITS`],
    ],
    [
      'a power above the range of a device',
      { do: 'cp', powerW: -38, until: [{ voltageV: 3 }] },
      { ...bench, devices: [{ ...cycler, limits: { powerW: { min: -30 } } }] },
      [`error ${one}/powerW OUTSIDE_DEVICE_RANGE`, `warning ${one}/powerW OUTSIDE_LIMITS`],
    ],
    [
      'too small a resistance',
      { do: 'cr', resistanceOhm: 0.2, until: [{ voltageV: 3 }] },
      bench,
      [
        `error ${one}/resistanceOhm OUTSIDE_LIMITS`,
        `warning ${one}/resistanceOhm OUTSIDE_DEVICE_RANGE`,
      ],
    ],
    [
      'a drive cycle with one value too much',
      {
        do: 'drive',
        quantity: 'current',
        points: [
          [0, 1],
          [1, -11],
          [2, 0],
        ],
      },
      bench,
      [`error ${one}/points OUTSIDE_LIMITS`],
    ],
    [
      'a drive cycle of voltages of which one is too high',
      {
        do: 'drive',
        quantity: 'voltage',
        points: [
          [0, 3.5],
          [1, 9],
        ],
      },
      bench,
      [`error ${one}/points OUTSIDE_LIMITS`, `error ${one}/points OUTSIDE_DEVICE_RANGE`],
    ],
    [
      'a charge that no voltage ends',
      cc(1, { timeS: 60 }),
      bench,
      [`warning ${one} NO_VOLTAGE_END`],
    ],
    [
      'a temperature that trips before',
      { do: 'rest', until: [{ temperatureC: 60 }] },
      bench,
      [`warning ${one}/until/0 END_NEVER_MET`, `error ${one}/until NO_REACHABLE_END`],
    ],
    [
      'a temperature that nothing measures',
      { do: 'rest', until: [{ temperatureC: 40 }, { timeS: 1 }] },
      { ...bench, measuresTemperature: false },
      ['warning  TEMPERATURE_NOT_MEASURED', `error ${one}/until/0 TEMPERATURE_NOT_MEASURED`],
    ],
    [
      'limits that exclude those of the battery',
      { do: 'rest', until: [{ timeS: 1 }], limits: { voltageV: { min: 4.3 } } },
      bench,
      [`error ${one}/limits LIMITS_EXCLUDE_EACH_OTHER`],
    ],
    [
      'limits of its own that its set point leaves',
      { ...cc(2, { voltageV: 4 }), limits: { currentA: { max: 1 } } },
      bench,
      [`error ${one}/currentA OUTSIDE_LIMITS`],
    ],
    [
      'a rate of a capacity that nobody measured',
      { do: 'cc', cRate: 1, of: 'measured', until: [{ voltageV: 4 }] },
      bench,
      [`error ${one} CAPACITY_NOT_MEASURED`],
    ],
    [
      'a rate of a capacity that is known',
      { do: 'cc', cRate: 1, of: 'measured', until: [{ voltageV: 4 }] },
      { ...bench, battery: { ...bench.battery, measuredCapacityAh: 1.9 } },
      [],
    ],
    [
      'a measurement without a cut-off',
      { do: 'rest', until: [{ timeS: 1 }], measures: 'capacity' },
      bench,
      [`error ${one}/measures CAPACITY_NOT_MEASURED`],
    ],
    ['what is no program', cc(0, { timeS: 1 }), bench, [`error ${one}/currentA PROGRAM_INVALID`]],
  ])('sees %s', (_, step, on, expected) => {
    expect(findingsOf([step], on)).toEqual(expected);
  });

  it('says it in a sentence with the values', () => {
    const messages = check(
      { steps: [cc(-4, { voltageV: 3 }), { do: 'cp', powerW: 12, until: [{ voltageV: 4 }] }] },
      pair,
    );
    expect(messages.map(({ message }) => message)).toEqual([
      'currentA of -4 is outside the range of KEL 103, at least -3 and at most 0',
      'currentA of 2.82353 to 5 may come to be outside the limits of battery, program and step, at least -10 and at most 4',
    ]);
  });

  it('sees what the whole program lacks', () => {
    const program: Program = {
      ...{ steps: [{ do: 'rest', until: [{ timeS: 1 }] }], stop: [{ capacityRetention: 0.8 }] },
    };
    const open = {
      ...bench,
      battery: {
        nominalCapacityAh: 2,
        limits: { voltageV: { min: 2 }, currentA: { min: -1, max: 1 } },
      },
    };
    expect(check(program, open).map(short)).toEqual([
      'error  LIMITS_INCOMPLETE',
      'error /stop/0 CAPACITY_NOT_MEASURED',
    ]);
  });

  it('sees a capacity that is measured too late', () => {
    const use: Step = { do: 'cc', cRate: 1, of: 'measured', until: [{ voltageV: 4 }] };
    const measure: Step = { ...cc(-1, { voltageV: 3 }), measures: 'capacity' };
    expect(findingsOf([use, measure])).toEqual([`error ${one} CAPACITY_NOT_MEASURED`]);
    expect(findingsOf([measure, use])).toEqual([]);
  });

  it('sees a current that the limits keep from coming', () => {
    const step: Step = { do: 'cp', powerW: -9, until: [{ currentA: 11 }, { voltageV: 3 }] };
    expect(findingsOf([step])).toEqual([`warning ${one}/until/0 END_NEVER_MET`]);
  });

  it('lets a jump leave its loop', () => {
    const rest: Step = { do: 'rest', until: [{ timeS: 1 }], label: 'end' };
    const out: ProgramNode = { goto: 'end', times: 1, when: { cause: 'voltage' } };
    expect(findingsOf([{ loop: [cc(1, { voltageV: 4 }), out], times: 9 }, rest])).toEqual([]);
  });

  it('points into loops', () => {
    const nodes: ProgramNode[] = [
      { loop: [{ loop: [cc(5, { voltageV: 4.2 })], times: 1 }], times: 2 },
    ];
    expect(findingsOf(nodes)).toEqual(['error /steps/0/loop/0/loop/0/currentA OUTSIDE_LIMITS']);
  });
});
