import { createHash } from 'node:crypto';

import { anything, array, assert, constantFrom, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Refusal } from '#kernel/refusal.js';

import { cycling, everything } from './examples.fixture.js';
import { breachOf, intersection } from './limits.js';
import { bounds, type Program, programHash, stepsOf } from './program.js';
import { resolve } from './resolve.js';
import { programErrors, readProgram } from './validate.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const rest = { do: 'rest', until: [{ timeS: 1 }] };
const errorsOf = (...steps: readonly unknown[]) => programErrors({ steps });

describe('a program', () => {
  it('is read as it is', () => {
    for (const program of [cycling, everything]) expect(readProgram(program)).toBe(program);
  });

  it.each<[string, unknown, readonly (readonly [pointer: string, reason: RegExp])[]]>([
    ['no object', 3, [['', /expected object/]]],
    ['no steps', {}, [['/steps', /missing/]]],
    ['an empty list', { steps: [] }, [['/steps', /at least 1 in the list/]]],
    [
      'an unknown member',
      { steps: [rest], 'a/b': 1 },
      [['/a~1b', /not known here; expected steps, stop/]],
    ],
    [
      'a wrong way to count',
      { steps: [rest], cycle: 'x' },
      [['/cycle', /one of loop, charge, discharge/]],
    ],
    [
      'two stops in one',
      { steps: [rest], stop: [{ cycles: 1, testTimeS: 1 }] },
      [['/stop/0', /exactly one/]],
    ],
    [
      'a range upside down',
      { steps: [rest], limits: { voltageV: { min: 4, max: 3 } } },
      [['/limits/voltageV', /min below max/]],
    ],
    [
      'an empty range',
      { steps: [rest], stop: [{ voltageV: {} }] },
      [['/stop/0/voltageV', /min, max or both/]],
    ],
  ])('with %s is refused', (_, program, expected) => {
    const errors = programErrors(program);
    expect(errors.map(({ pointer }) => pointer)).toEqual(expected.map(([pointer]) => pointer));
    for (const [index, [, reason]] of expected.entries()) {
      expect(errors[index]?.reason).toMatch(reason);
    }
  });

  it.each<[string, unknown, string, RegExp]>([
    ['of no known kind', { do: 'ccc' }, '/do', /one of rest, cc, cv, cccv, cp, cr, drive/],
    ['that never ends', { do: 'rest' }, '/until', /missing/],
    ['of no current', { do: 'cc', until: [{ timeS: 1 }] }, '', /either currentA or cRate/],
    ['of two currents', { do: 'cc', currentA: 1, cRate: 1, until: [{ timeS: 1 }] }, '', /either/],
    ['of current 0', { do: 'cc', currentA: 0, until: [{ timeS: 1 }] }, '/currentA', /not 0/],
    [
      'of a text',
      { do: 'cv', voltageV: '4', until: [{ timeS: 1 }] },
      '/voltageV',
      /expected number/,
    ],
    [
      'of a capacity without a rate',
      { do: 'cc', currentA: 1, of: 'nominal', until: [{ timeS: 1 }] },
      '/of',
      /cRate/,
    ],
    [
      'with two ends in one',
      { ...rest, until: [{ timeS: 1, voltageV: 1 }] },
      '/until/0',
      /exactly one/,
    ],
    [
      'with an unknown member',
      { ...rest, untill: [] },
      '/untill',
      /not known here; expected label, do, until/,
    ],
    [
      'CV that ends on voltage',
      { do: 'cv', voltageV: 4, until: [{ voltageV: 4 }] },
      '/until/0',
      /cannot end by its voltage/,
    ],
    [
      'CC that ends on current',
      { do: 'cc', currentA: 1, until: [{ currentA: 1 }] },
      '/until/0',
      /cannot end by its current/,
    ],
    [
      'rest that ends on a voltage of no direction',
      { do: 'rest', until: [{ voltageV: 3 }] },
      '/until/0',
      /"is"/,
    ],
    [
      'discharge that ends on -dV',
      { do: 'cc', currentA: -1, until: [{ deltaVoltageV: 0.01 }] },
      '/until/0',
      /expected a charge/,
    ],
    ['time at most', { ...rest, until: [{ timeS: 1, is: 'atMost' }] }, '/until/0', /no "is"/],
    [
      'drive that does not begin at 0',
      {
        do: 'drive',
        quantity: 'power',
        points: [
          [1, 0],
          [2, 0],
        ],
      },
      '/points/0/0',
      /expected 0/,
    ],
    [
      'drive that goes back',
      {
        do: 'drive',
        quantity: 'power',
        points: [
          [0, 0],
          [2, 0],
          [2, 1],
        ],
      },
      '/points/2/0',
      /later time/,
    ],
    [
      'of more than ten years',
      { do: 'rest', until: [{ timeS: 4e8 }] },
      '/until/0/timeS',
      /<= 315360000/,
    ],
    ['with a goto to nowhere', { goto: 'x', times: 1 }, '/goto', /label/],
    [
      'with a goto into a loop',
      {
        loop: [
          rest,
          { ...rest, label: 'first' },
          { goto: 'in', times: 1 },
          { loop: [{ ...rest, label: 'in' }], times: 1 },
        ],
        times: 1,
      },
      '/loop/2/goto',
      /label/,
    ],
    [
      'with a goto on two things',
      { goto: 'x', times: 1, when: { cause: 'time', voltageV: 1 } },
      '/when',
      /a cause, or one quantity with is/,
    ],
    [
      'with a goto on half a comparison',
      { goto: 'x', times: 1, when: { voltageV: 1 } },
      '/when',
      /with is/,
    ],
  ])('step %s is refused', (_, step, pointer, reason) => {
    const [error, ...others] = errorsOf(step);
    expect(error?.pointer).toBe(`/steps/0${pointer}`);
    expect(error?.reason).toMatch(reason);
    expect(others).toEqual([]);
  });

  it('has one step of a label', () => {
    const named = { ...rest, label: 'a' };
    expect(errorsOf(named, named)).toEqual([
      { pointer: '/steps/1/label', reason: 'is not the only one' },
    ]);
  });

  it('is bounded', () => {
    const nested = (depth: number): unknown =>
      depth === 0 ? rest : { loop: [nested(depth - 1)], times: 1 };
    expect(errorsOf(nested(bounds.depth))).toEqual([]);
    expect(errorsOf(nested(bounds.depth + 1))[0]?.reason).toMatch(/at most 8 loops within/);
    const many = { loop: Array.from({ length: 300 }, () => rest), times: 1 };
    expect(errorsOf(many, many)[0]?.reason).toMatch(/at most 500 steps in all/);
    const points = Array.from({ length: 3_000 }, (_, at) => [at, 0]);
    const drive = { do: 'drive', quantity: 'current', points };
    expect(errorsOf(drive)).toEqual([]);
    expect(errorsOf(drive, drive)[0]?.reason).toMatch(/at most 5000 points/);
  });

  it('comes to an end', () => {
    const loop = (times: number, ...inner: readonly unknown[]) => ({ loop: inner, times });
    expect(errorsOf(loop(1_000, loop(1_000, rest)))).toEqual([]);
    expect(errorsOf(loop(1_000, loop(1_001, rest)))[0]?.reason).toMatch(/program that ends/);
    // Jumps that count anew whenever the others pass them.
    const jumps = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((label) => ({
      label,
      goto: 'a',
      times: 99_999,
    }));
    expect(errorsOf(...jumps)[0]?.reason).toMatch(/steps between its jumps/);
    const idle = { loop: [{ label: 'b', goto: 'b', times: 9_000 }, rest], times: 100_000 };
    expect(errorsOf(idle)[0]?.reason).toMatch(/program that ends/);
    expect(errorsOf({ ...rest, label: 'a' }, { goto: 'a', times: 5 })).toEqual([]);
  });

  it('is refused with a code, whatever it is', () => {
    const node = record(
      {
        do: constantFrom('rest', 'cc', 'drive', anything()),
        until: anything(),
        loop: anything(),
        points: anything(),
      },
      { requiredKeys: [] },
    );
    assert(
      property(record({ steps: array(node) }), (value) => {
        try {
          readProgram(value);
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal);
          expect((error as Refusal).details.errors?.[0]?.pointer).toMatch(/^\/program/);
        }
      }),
    );
  });

  it('is known by a hash that the order of its members does not change', () => {
    const turned: Program = { cycle: 'charge', steps: [{ until: [{ timeS: 1 }], do: 'rest' }] };
    const program: Program = { steps: [{ do: 'rest', until: [{ timeS: 1 }] }], cycle: 'charge' };
    expect(programHash(turned, sha256)).toBe(programHash(program, sha256));
    expect(programHash(program, sha256)).toBe(
      sha256('{"cycle":"charge","steps":[{"do":"rest","until":[{"timeS":1}]}]}'),
    );
    expect(programHash({ ...program, cycle: 'loop' }, sha256)).not.toBe(
      programHash(program, sha256),
    );
  });

  it('is given to a unit in amperes', () => {
    const amperes = (program: Program) =>
      stepsOf(program.steps).map((step) => ('currentA' in step ? step.currentA : 'cRate' in step));
    const capacities = { nominalCapacityAh: 2, measuredCapacityAh: 1.9 };
    // The program measures the capacity itself: what relates to it waits for that.
    expect(amperes(resolve(cycling, capacities))).toEqual([
      false,
      1,
      -0.2,
      true,
      false,
      true,
      false,
    ]);
    expect(stepsOf(resolve(cycling, capacities).steps)[1]?.until).toEqual([{ currentA: 0.1 }]);
    const one: Program = {
      steps: [{ do: 'cc', cRate: 2, of: 'measured', until: [{ voltageV: 4 }] }],
    };
    expect(amperes(resolve(one, capacities))).toEqual([3.8]);
    expect(resolve(one, { nominalCapacityAh: 2 })).toEqual(one);
    expect(programErrors(resolve(cycling, capacities))).toEqual([]);
  });
});

describe('limits', () => {
  it('together are the narrowest of each', () => {
    const both = intersection({ voltageV: { min: 2.5, max: 4.2 }, currentA: { max: 5 } }, null, {
      voltageV: { max: 4.1 },
      temperatureC: { min: 0 },
    });
    expect(both).toEqual({
      voltageV: { min: 2.5, max: 4.1 },
      currentA: { max: 5 },
      temperatureC: { min: 0 },
    });
  });

  it('are kept up to themselves', () => {
    const limits = { voltageV: { min: 2.5, max: 4.2 }, currentA: { min: -1 } };
    expect(breachOf(limits, { voltageV: 4.2, currentA: -1 })).toBeUndefined();
    expect(breachOf(limits, { currentA: 9 })).toBeUndefined();
    expect(breachOf(limits, { voltageV: 4.2001 })).toEqual({
      ...{ quantity: 'voltageV', bound: 'max', limit: 4.2, value: 4.2001 },
    });
    expect(breachOf(limits, { voltageV: 3, currentA: -1.1 })).toMatchObject({ bound: 'min' });
    expect(breachOf(limits, { voltageV: Number.NaN })).toMatchObject({ quantity: 'voltageV' });
  });
});
