import { assert, property } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { estimate } from './estimate.js';
import { bench, everything } from './examples.fixture.js';
import type { ProgramNode, Step } from './program.js';
import { programs } from './programs.fixture.js';

describe('the estimate', () => {
  const hours = (steps: readonly ProgramNode[]) => estimate({ steps }, bench).totalS / 3_600;
  const charge: Step = { do: 'cc', cRate: 0.1, until: [{ voltageV: 4.25 }] };

  it('is near to what a cell takes', () => {
    expect(hours([charge])).toBeCloseTo(9.8, 6);
    expect(hours([{ do: 'cc', cRate: -1, until: [{ voltageV: 2.4 }] }])).toBeCloseTo(0.8, 6);
    // The current of 1 C falls to a twentieth: three time constants of 12 minutes.
    const cccv: Step = { do: 'cccv', cRate: 1, voltageV: 4.25, until: [{ cRate: 0.05 }] };
    expect(hours([cccv])).toBeCloseTo(0.8 + 0.2 * Math.log(20), 6);
    expect(hours([{ do: 'cc', currentA: -1, until: [{ capacityAh: 0.5 }] }])).toBeCloseTo(0.5, 6);
    expect(
      hours([{ do: 'rest', until: [{ timeS: 3_600 }, { temperatureC: 20, is: 'atMost' }] }]),
    ).toBe(1);
    const drive: Step = {
      do: 'drive',
      quantity: 'current',
      points: [
        [0, -1],
        [1_800, -1],
      ],
    };
    expect(hours([drive, charge])).toBeCloseTo(0.5 + 9.8, 6);
  });

  it('follows the charge from step to step', () => {
    const half: Step = { do: 'cc', currentA: -1, until: [{ timeS: 3_600 }] };
    expect(hours([half, charge])).toBeCloseTo(1 + 4.8, 6);
    expect(hours([half, charge, charge])).toBeCloseTo(1 + 4.8, 6);
  });

  it('counts executions, weeks and the longest time', () => {
    const rest: Step = { do: 'rest', until: [{ timeS: 86_400 }] };
    const found = estimate({ steps: [{ loop: [rest, rest], times: 30 }] }, bench);
    expect(found.steps).toEqual([
      { stepId: 1, executions: 30, totalS: 2_592_000 },
      { stepId: 2, executions: 30, totalS: 2_592_000 },
    ]);
    expect(found).toMatchObject({ totalS: 5_184_000, atMostS: 5_184_000 });
    expect(estimate({ steps: [rest, charge] }, bench)).not.toHaveProperty('atMostS');
    const stopped = estimate({ steps: [rest, charge], stop: [{ testTimeS: 60 }] }, bench);
    expect(stopped).toMatchObject({ totalS: 60, atMostS: 60 });
  });

  it('looks at a drive cycle once, however often it is executed', () => {
    const points = Array.from({ length: 5_000 }, (_, at): [number, number] => [at, -1e-6]);
    const drive: Step = { do: 'drive', quantity: 'current', points };
    const { steps } = estimate({ steps: [{ loop: [drive], times: 100_000 }] }, bench);
    expect(steps).toEqual([{ stepId: 1, executions: 100_000, totalS: 100_000 * 4_999 }]);
  }, 3_000);

  it('takes all jumps back, and on those without a condition', () => {
    const rest: Step = { do: 'rest', until: [{ timeS: 1 }] };
    const when = { cause: 'time' } as const;
    const steps: ProgramNode[] = [
      { ...rest, label: 'a' },
      { goto: 'a', times: 3, when },
      { goto: 'b', times: 1, when },
      { goto: 'c', times: 1 },
      { ...rest, label: 'b' },
      { ...rest, label: 'c' },
    ];
    const executions = estimate({ steps }, bench).steps.map((step) => step.executions);
    expect(executions).toEqual([4, 0, 1]);
  });

  it('is a time, whatever the program', () => {
    expect(estimate(everything, bench).totalS).toBeGreaterThan(0);
    assert(
      property(programs, (program) => {
        const { totalS, atMostS = Infinity } = estimate(program, bench);
        expect(totalS).toBeGreaterThanOrEqual(0);
        expect(totalS).toBeLessThan(Infinity);
        expect(totalS).toBeLessThanOrEqual(atMostS * (1 + 1e-9));
      }),
    );
  });
});
