import {
  type Arbitrary,
  array,
  assert,
  boolean,
  constantFrom,
  integer,
  oneof,
  property,
  tuple,
} from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type Cause, endOf } from './ends.js';
import { cycling, everything, seen } from './examples.fixture.js';
import { planOf } from './plan.js';
import { endsOf, type Program, type ProgramNode, type Step } from './program.js';
import {
  advance,
  begin,
  halt,
  mayEnd,
  resume,
  type RunState,
  type StepEnd,
  stepOf,
  stopDuring,
  walk,
  withCarried,
} from './run.js';

const capacities = { nominalCapacityAh: 2 };
const rest = (timeS = 1): Step => ({ do: 'rest', until: [{ timeS }] });
const charge: Step = { do: 'cc', currentA: 1, until: [{ voltageV: 4.2 }] };
const discharge: Step = { do: 'cc', currentA: -1, until: [{ voltageV: 2.5 }] };

/** How the run goes if every step ends by its first condition. */
const runOf = (program: Program, end: (state: RunState) => Partial<StepEnd> = () => ({})) => {
  const plan = planOf(program);
  const states: RunState[] = [];
  let state = begin(plan, capacities);
  while (state.status === 'running' && states.length < 1_000) {
    states.push(state);
    const step = plan.steps[state.stepId - 1]!.step;
    const [first = { timeS: 1 }] = endsOf(step);
    const cause = endOf(step, { ...seen, stepTimeS: 1e9, voltageV: 1e9, ...first })?.cause;
    const by: Cause = 'voltageV' in first ? 'voltage' : (cause ?? 'time');
    state = advance(plan, state, { cause: by, measurement: seen, ...end(state) });
  }
  return { states, last: state };
};
const idsOf = (program: Program, end?: (state: RunState) => Partial<StepEnd>) =>
  runOf(program, end).states.map(({ stepId }) => stepId);
const cyclesOf = (program: Program) => runOf(program).states.map(({ cycle }) => cycle);

describe('a run', () => {
  it('goes through loops and groups', () => {
    const steps: ProgramNode[] = [
      rest(),
      { loop: [rest(), { loop: [rest()], times: 2 }], times: 2 },
      { loop: [rest(), rest()], times: 1 },
    ];
    const { states, last } = runOf({ steps });
    expect(states.map(({ stepId }) => stepId)).toEqual([1, 2, 3, 3, 2, 3, 3, 4, 5]);
    expect(states.map(({ stepCount }) => stepCount)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(last).toMatchObject({ status: 'completed', stepCount: 9 });
    expect(advance(planOf({ steps }), last, { cause: 'time' })).toBe(last);
  });

  it('jumps as often as a goto says, and as often again when it comes back', () => {
    const steps: ProgramNode[] = [
      {
        loop: [
          { ...rest(), label: 'a' },
          { goto: 'a', times: 2 },
        ],
        times: 2,
      },
      { goto: 'end', times: 1 },
      rest(),
      { ...rest(), label: 'end' },
    ];
    expect(idsOf({ steps })).toEqual([1, 1, 1, 1, 1, 1, 3]);
  });

  it('jumps where the step before ended so, and out of a loop', () => {
    const steps: ProgramNode[] = [
      {
        loop: [
          { ...charge, until: [{ voltageV: 4.2 }, { temperatureC: 45 }] },
          { goto: 'cool', times: 1, when: { cause: 'temperature' } },
          discharge,
          { goto: 'cool', times: 1, when: { voltageV: 2, is: 'atMost' } },
        ],
        times: 3,
      },
      rest(),
      { ...rest(), label: 'cool' },
    ];
    const hot = ({ stepCount }: RunState) =>
      stepCount === 3 ? ({ cause: 'temperature' } as const) : {};
    expect(idsOf({ steps }, hot)).toEqual([1, 2, 1, 4]);
    const low = ({ stepCount }: RunState) =>
      stepCount === 4 ? { measurement: { ...seen, voltageV: 1.9 } } : {};
    expect(idsOf({ steps }, low)).toEqual([1, 2, 1, 2, 4]);
    expect(idsOf({ steps })).toEqual([1, 2, 1, 2, 1, 2, 3, 4]);
  });

  it('counts cycles by the passes of the outermost loop, or of those that say so', () => {
    const pair: ProgramNode[] = [charge, discharge];
    const inner: ProgramNode = { loop: pair, times: 2 };
    expect(cyclesOf({ steps: [rest(), { loop: pair, times: 2 }, rest()] })).toEqual([
      1, 2, 2, 3, 3, 4,
    ]);
    expect(cyclesOf({ steps: [{ loop: [inner, rest()], times: 2 }] })).toEqual([
      1, 1, 1, 1, 1, 2, 2, 2, 2, 2,
    ]);
    expect(cyclesOf({ steps: [{ loop: [{ ...inner, cycle: true }, rest()], times: 2 }] })).toEqual([
      1, 1, 2, 2, 3, 4, 4, 5, 5, 6,
    ]);
  });

  it('counts cycles by charges after discharges, or the other way round', () => {
    const steps: ProgramNode[] = [discharge, rest(), charge, charge, rest(), discharge, charge];
    expect(cyclesOf({ steps })).toEqual([1, 1, 2, 2, 2, 2, 3]);
    expect(cyclesOf({ steps, cycle: 'discharge' })).toEqual([1, 1, 1, 1, 1, 2, 2]);
    const half: ProgramNode[] = [{ loop: [discharge, charge], times: 2 }];
    expect(cyclesOf({ steps: half, cycle: 'charge' })).toEqual([1, 2, 2, 3]);
  });

  it('does not go on by a cause that its step has no condition for', () => {
    const plan = planOf({ steps: [charge, rest()] });
    const first = begin(plan, capacities);
    for (const cause of ['trip', 'refused', 'lost', 'operator', 'time', 'current'] as const) {
      expect(mayEnd(charge, cause)).toBe(false);
      const halted = advance(plan, first, { cause });
      expect(halted).toMatchObject({ status: 'halted', haltedBy: cause, stepId: 1, stepCount: 1 });
      expect(advance(plan, halted, { cause: 'voltage' })).toBe(halted);
    }
    expect(mayEnd(charge, 'voltage')).toBe(true);
    expect(
      mayEnd(
        {
          do: 'drive',
          quantity: 'power',
          points: [
            [0, 1],
            [1, 1],
          ],
        },
        'time',
      ),
    ).toBe(true);
    expect(advance(plan, first, { cause: 'stop', stoppedBy: '/stop/1' })).toMatchObject({
      ...{ status: 'completed', stoppedBy: '/stop/1' },
    });
  });

  it('goes on at the step that was interrupted, from what it had done', () => {
    const plan = planOf({ steps: [rest(), charge] });
    const second = advance(plan, begin(plan, capacities), { cause: 'time' });
    const carried = { stepTimeS: 100, capacityAh: 0.5, energyWh: 1.8 };
    expect(resume(second, carried)).toBe(second);
    const again = resume(halt(second, 'lost'), carried);
    expect(again).toMatchObject({ status: 'running', stepId: 2, stepCount: 2, carried });
    expect(again).not.toHaveProperty('haltedBy');
    expect(withCarried(again, seen)).toMatchObject({
      ...{ stepTimeS: 160, capacityAh: 0.52, energyWh: 1.87 },
    });
    const next = advance(plan, again, { cause: 'voltage' });
    expect(next).not.toHaveProperty('carried');
  });

  it('is plain data', () => {
    const plan = planOf(everything);
    let state = begin(plan, capacities);
    const kept = (one: RunState) => JSON.parse(JSON.stringify(one)) as RunState;
    for (const cause of ['power', 'capacity', 'energy'] as const) {
      const direct = advance(plan, state, { cause, measurement: seen });
      state = advance(plan, kept(state), { cause, measurement: seen });
      expect(state).toEqual(direct);
    }
    expect(state.stepId).toBe(1);
  });

  it('relates C-rates to the capacity that it measured', () => {
    const plan = planOf(cycling);
    let state = begin(plan, capacities);
    const go = (cause: Cause, capacityAh = 0) => {
      state = advance(plan, state, { cause, measurement: { ...seen, capacityAh } });
    };
    go('time');
    expect(stepOf(plan, state)).toMatchObject({ currentA: 1, until: [{ currentA: 0.1 }] });
    go('current', 1.7);
    const timed = { ...plan.steps[2]!.step, until: [{ voltageV: 2.5 }, { timeS: 60 }] } as Step;
    const short = planOf({ steps: [timed, rest()] });
    const ended = advance(short, begin(short, capacities), { cause: 'time', measurement: seen });
    expect([ended.stepId, ended.capacities]).toEqual([2, capacities]);
    // A discharge that an operator ends measures nothing.
    const aborted = advance(plan, state, { cause: 'operator', measurement: seen });
    expect(aborted.capacities).toEqual(capacities);
    go('voltage', -1.8);
    expect(state).toMatchObject({ firstCapacityAh: 1.8, stepId: 4, cycle: 2 });
    expect(stepOf(plan, state)).toMatchObject({ currentA: 0.9 });
    const unknown: Program = { steps: [{ ...discharge, cRate: -1, of: 'measured' }] };
    expect(stepOf(planOf(unknown), begin(planOf(unknown), capacities))).toBeUndefined();
  });

  it('is complete when a condition of the test is met between two steps', () => {
    const steps: ProgramNode[] = [
      { loop: [charge, { ...discharge, measures: 'capacity' }], times: 9 },
    ];
    const fading = ({ cycle }: RunState) => ({
      measurement: { ...seen, capacityAh: -2 + cycle * 0.1 },
    });
    const stopped = (stop: Program['stop'] & object) => runOf({ steps, stop }, fading).last;
    expect(stopped([{ cycles: 3 }])).toMatchObject({ status: 'completed', stoppedBy: '/stop/0' });
    expect(stopped([{ cycles: 3 }]).stepCount).toBe(6);
    // 1.9 Ah at first; 1.5 Ah are less than four fifths of it, and 1.8 Ah nine tenths of 2 Ah.
    expect(stopped([{ cycles: 9 }, { capacityRetention: 0.8 }])).toMatchObject({
      ...{ stepCount: 10, stoppedBy: '/stop/1' },
    });
    expect(stopped([{ capacityRetention: 0.9, of: 'nominal' }]).stepCount).toBe(4);
    expect(stopped([{ cycles: 9 }])).not.toHaveProperty('stoppedBy');
  });

  it('is complete when a condition of the test is met during a step', () => {
    const plan = planOf({
      steps: [rest()],
      stop: [{ cycles: 1 }, { testTimeS: 100 }, { voltageV: { min: 2 } }],
    });
    expect(stopDuring(plan, { testTimeS: 99, voltageV: 2 })).toBeUndefined();
    expect(stopDuring(plan, { testTimeS: 100, voltageV: 1 })).toBe('/stop/1');
    expect(stopDuring(plan, { testTimeS: 99, voltageV: 1 })).toBe('/stop/2');
  });

  it('ends, counts on and walks as long as it runs, whatever the program', () => {
    const step = constantFrom<ProgramNode>(rest(), charge, discharge);
    const listOf = (depth: number): Arbitrary<ProgramNode[]> => {
      if (depth === 0) return array(step, { minLength: 1, maxLength: 3 });
      const times = integer({ min: 1, max: 3 });
      const loop = tuple(listOf(depth - 1), times, boolean()).map(
        ([inner, passes, marked]): ProgramNode => ({
          ...{ loop: inner, times: passes, ...(marked && { cycle: true as const }) },
        }),
      );
      return array(oneof(step, loop), { minLength: 1, maxLength: 3 });
    };
    const executed = (list: readonly ProgramNode[]): number =>
      list.reduce((sum, one) => sum + ('loop' in one ? one.times * executed(one.loop) : 1), 0);
    assert(
      property(listOf(3), constantFrom('loop', 'charge', 'discharge'), (steps, cycle) => {
        const expected = executed(steps);
        if (expected > 900) return;
        const { states, last } = runOf({ steps, cycle });
        expect(last.status).toBe('completed');
        expect(states.map(({ stepCount }) => stepCount)).toEqual(
          Array.from({ length: expected }, (_, index) => index + 1),
        );
        for (const [index, { cycle: now }] of states.entries()) {
          expect(now - (states[index - 1]?.cycle ?? 1)).toBeOneOf([0, 1]);
        }
        const walked: number[] = [];
        walk(planOf({ steps, cycle }), capacities, ({ stepId }) => walked.push(stepId));
        expect(walked).toEqual(states.map(({ stepId }) => stepId));
      }),
    );
  });
});
