import {
  type Cause,
  causeOf,
  directionOf,
  type EndCause,
  isMet,
  type Measurement,
} from './ends.js';
import { breachOf, type Limited } from './limits.js';
import type { Operation, Plan } from './plan.js';
import { bounds, endsOf, type Step, type Stop, type When } from './program.js';
import { type Capacities, isResolved, resolveStep } from './resolve.js';

/** What a step had done before it was interrupted. */
export interface Carried {
  readonly stepTimeS: number;
  readonly capacityAh: number;
  readonly energyWh: number;
}

/** Where the run of a program stands: plain data that can be kept over a loss of power. */
export interface RunState {
  readonly status: 'running' | 'halted' | 'completed' | 'endless';
  /** The operation of the plan. */
  readonly position: number;
  readonly stepId: number;
  /** Counts the executed steps from 1 and never falls. */
  readonly stepCount: number;
  readonly cycle: number;
  /** The pass that each loop is in, and the jumps of each goto. */
  readonly passes: readonly number[];
  readonly jumps: readonly number[];
  /** Whether the next step, or the next one of the direction that begins cycles, begins one. */
  readonly turns: boolean;
  readonly capacities: Capacities;
  /** The first capacity that this run measured. */
  readonly firstCapacityAh?: number;
  readonly haltedBy?: Cause;
  /** JSON pointer of the condition that completed the test before the end of its program. */
  readonly stoppedBy?: string;
  readonly carried?: Carried;
}

/** How a step ended, with its last values: jumps and measured capacities follow from them. */
export interface StepEnd {
  readonly cause: Cause;
  readonly measurement?: Measurement;
  /** With the cause `stop`: what `stopDuring` found. */
  readonly stoppedBy?: string;
}

type Draft = Omit<{ -readonly [M in keyof RunState]: RunState[M] }, 'passes' | 'jumps'> & {
  passes: number[];
  jumps: number[];
};

const draftOf = (state: RunState): Draft => ({
  ...state,
  passes: [...state.passes],
  jumps: [...state.jumps],
});

type Jumps = (operation: Extract<Operation, { is: 'goto' }>, at: number) => boolean;

/** Between two steps a program that is no endless loop has fewer. */
const maxMoves = 10_000;
/** In a whole run of `walk`, which nobody should wait for. */
const maxWalked = 5 * bounds.executed;

/** The run at its first step. A program without one is completed at once. */
export const begin = (plan: Plan, capacities: Capacities): RunState => {
  const state = draftOf({
    ...{ status: 'running', position: 0, stepId: 0, stepCount: 0, cycle: 1 },
    passes: Array.from({ length: plan.loops }, () => 0),
    jumps: Array.from({ length: plan.jumps }, () => 0),
    turns: false,
    capacities,
  });
  proceed(plan, state, (operation) => holds(operation.goto.when, undefined));
  return state;
};

/** Whether the step has a condition that ends it by this cause, so that the program goes on. */
export const mayEnd = (step: Step, cause: Cause): cause is EndCause =>
  (step.do === 'drive' && cause === 'time') || endsOf(step).some((end) => causeOf(end) === cause);

/**
 * The run behind the end of its step: at the next step or completed. Where the step has no condition of the cause, such
 * as a trip or an operator, it halts at that step. A run that is not running stays as it is.
 */
export const advance = (plan: Plan, state: RunState, end: StepEnd): RunState => {
  const step = stepAt(plan, state);
  if (state.status !== 'running' || !step) return state;
  if (end.cause === 'stop') {
    const { stoppedBy } = end;
    return { ...state, status: 'completed', ...(stoppedBy !== undefined && { stoppedBy }) };
  }
  if (!mayEnd(step, end.cause)) return halt(state, end.cause);
  const { carried: _, ...left } = measured(step, state, end);
  const next = draftOf(left);
  next.position += 1;
  proceed(plan, next, (operation) => holds(operation.goto.when, end));
  return next;
};

/** The run interrupted at its step, whose count stays. */
export const halt = (state: RunState, haltedBy: Cause): RunState =>
  state.status === 'running' ? { ...state, status: 'halted', haltedBy } : state;

/** The run at the step that was interrupted, which goes on from what it had done. */
export const resume = (state: RunState, carried: Carried): RunState => {
  if (state.status !== 'halted') return state;
  const { haltedBy: _, ...others } = state;
  return { ...others, status: 'running', carried };
};

/** What was measured since the step began or went on, with what it had done before. */
export const withCarried = (state: RunState, seen: Measurement): Measurement => {
  const { carried } = state;
  if (!carried) return seen;
  return {
    ...seen,
    stepTimeS: seen.stepTimeS + carried.stepTimeS,
    capacityAh: seen.capacityAh + carried.capacityAh,
    energyWh: seen.energyWh + carried.energyWh,
  };
};

const stepAt = (plan: Plan, { position }: RunState): Step | undefined => {
  const operation = plan.operations[position];
  return operation?.is === 'step' ? operation.step : undefined;
};

/**
 * The step that the run is at, with all currents in amperes. Undefined where the capacity that it relates to was not
 * measured: such a step is refused. Of a run that has ended: undefined.
 */
export const stepOf = (plan: Plan, state: RunState): Step | undefined => {
  const step = stepAt(plan, state);
  const resolved = step && resolveStep(step, state.capacities);
  return resolved && isResolved(resolved) ? resolved : undefined;
};

const cutOffs: readonly Cause[] = ['voltage', 'current', 'power'];

/** A step that measures the capacity has done so if it came to its cut-off. */
const measured = (step: Step, state: RunState, { cause, measurement }: StepEnd): RunState => {
  const capacityAh = Math.abs(measurement?.capacityAh ?? 0);
  if (step.measures === undefined || !cutOffs.includes(cause) || !(capacityAh > 0)) return state;
  return {
    ...state,
    capacities: { ...state.capacities, measuredCapacityAh: capacityAh },
    firstCapacityAh: state.firstCapacityAh ?? capacityAh,
  };
};

const holds = (when: When | undefined, end: StepEnd | undefined): boolean => {
  if (!when) return true;
  if (when.cause !== undefined) return end?.cause === when.cause;
  return end?.measurement !== undefined && isMet(when, when.is ?? 'atLeast', end.measurement);
};

/** Goes on in place, from the operation that the run is at to the next step. Returns how many it passed. */
const proceed = (plan: Plan, state: Draft, jumps: Jumps): number => {
  for (let moves = 0; moves < maxMoves; moves += 1) {
    const operation = plan.operations[state.position];
    if (!operation || operation.is === 'step') {
      if (operation) start(plan, state, operation);
      else state.status = 'completed';
      return moves;
    }
    if (operation.is === 'goto') {
      const { jump, goto, to } = operation;
      const done = state.jumps[jump] ?? 0;
      const taken = done < goto.times && jumps(operation, state.position);
      state.jumps[jump] = taken ? done + 1 : 0;
      state.position = taken ? to : state.position + 1;
      continue;
    }
    const pass = operation.is === 'enter' ? 0 : (state.passes[operation.loop] ?? 0);
    const isOver = operation.is === 'again' && pass >= operation.times;
    if (operation.cycle) state.turns = true;
    if (!isOver) state.passes[operation.loop] = pass + 1;
    state.position = operation.is === 'again' && !isOver ? operation.start : state.position + 1;
  }
  state.status = 'endless';
  return maxMoves;
};

const start = (
  plan: Plan,
  state: Draft,
  { step, stepId }: Extract<Operation, { is: 'step' }>,
): void => {
  const way = directionOf(step) * (plan.cycle === 'discharge' ? -1 : 1);
  const begins = state.turns && (plan.cycle === 'loop' || way > 0);
  if (begins && state.stepCount > 0) state.cycle += 1;
  const stoppedBy = stopBetween(plan.program.stop ?? [], state);
  if (stoppedBy !== undefined || state.stepCount >= bounds.executed) {
    state.status = stoppedBy === undefined ? 'endless' : 'completed';
    if (stoppedBy !== undefined) state.stoppedBy = stoppedBy;
    return;
  }
  if (begins) state.turns = false;
  if (plan.cycle !== 'loop' && way < 0) state.turns = true;
  state.stepId = stepId;
  state.stepCount += 1;
};

const pointerOf = (index: number): string | undefined =>
  index < 0 ? undefined : `/stop/${String(index)}`;

/** The condition of the test that is met between two steps: by its cycles or by the capacity that is left. */
const stopBetween = (stops: readonly Stop[], state: RunState): string | undefined => {
  const { measuredCapacityAh, nominalCapacityAh } = state.capacities;
  return pointerOf(
    stops.findIndex(({ cycles, capacityRetention, of = 'first' }) => {
      if (cycles !== undefined) return state.cycle > cycles;
      const reference = of === 'first' ? state.firstCapacityAh : nominalCapacityAh;
      // Known from elsewhere is not measured here.
      const capacityAh = state.firstCapacityAh === undefined ? undefined : measuredCapacityAh;
      if (capacityRetention === undefined || capacityAh === undefined) return false;
      return reference !== undefined && capacityAh <= capacityRetention * reference;
    }),
  );
};

/** The condition of the test (as a JSON pointer) that is met during a step: by its time or by a range that is left. */
export const stopDuring = (
  { program }: Plan,
  seen: Limited & { readonly testTimeS: number },
): string | undefined =>
  pointerOf(
    (program.stop ?? []).findIndex(
      ({ testTimeS, cycles: _, capacityRetention: __, of: ___, ...ranges }) =>
        testTimeS === undefined
          ? breachOf(ranges, seen) !== undefined
          : seen.testTimeS >= testTimeS,
    ),
  );

/**
 * Executes the program without a battery, by its longest way: a goto jumps back as often as it may, and on only where
 * it has no condition. Visits the same state at each step, and returns it at the end.
 */
export const walk = (
  plan: Plan,
  capacities: Capacities,
  visit: (state: RunState) => void = () => undefined,
): RunState => {
  const jumps: Jumps = ({ goto, to }, at) => to <= at || goto.when === undefined;
  const state = draftOf(begin(plan, capacities));
  for (let moves = 0; state.status === 'running';) {
    visit(state);
    state.position += 1;
    moves += proceed(plan, state, jumps);
    if (moves > maxWalked) state.status = 'endless';
  }
  return state;
};
