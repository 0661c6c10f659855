import { type Cause, endOf, type Measurement } from '#cycling/program/ends.js';
import type { Limits } from '#cycling/program/limits.js';
import { type Plan, planOf } from '#cycling/program/plan.js';
import { endsOf, type Program, type RecordRule, type Step } from '#cycling/program/program.js';
import type { Capacities } from '#cycling/program/resolve.js';
import {
  advance,
  begin,
  halt,
  resume,
  type RunState,
  stepOf,
  stopDuring,
} from '#cycling/program/run.js';
import { recordRuleOf, type SetPoint, setPoint } from '#cycling/program/set-point.js';
import type { Resume } from '#cycling/protocol/instructions.js';

import type { Reading } from './sensors.js';

/** What a step moved so far, as the unit counts: over its interruptions. */
export interface Totals {
  readonly durationS: number;
  readonly chargeAh: number;
  readonly dischargeAh: number;
  readonly chargeWh: number;
  readonly dischargeWh: number;
}

/** Plain data: where the execution of a program stands. */
export interface ExecutionState {
  readonly program: Program;
  readonly run: RunState;
  readonly totals: Totals;
  /** The last reading of the step, and its greatest voltage. */
  readonly last?: Reading;
  readonly greatestV: number;
  readonly held?: SetPoint;
}

const nothing: Totals = { durationS: 0, chargeAh: 0, dischargeAh: 0, chargeWh: 0, dischargeWh: 0 };
const fresh = { totals: nothing, greatestV: -Infinity } as const;

/** A program as it is executed, with what its step has moved. */
export class Execution {
  private readonly plan: Plan;
  private known: { run: RunState; step: Step | undefined } | undefined;

  private constructor(private state: ExecutionState) {
    this.plan = planOf(state.program);
  }

  static begin(program: Program, capacities: Capacities): Execution {
    return new Execution({ program, run: begin(planOf(program), capacities), ...fresh });
  }

  static restore(state: ExecutionState): Execution {
    return new Execution(state);
  }

  get saved(): ExecutionState {
    return this.state;
  }

  get run(): RunState {
    return this.state.run;
  }

  get totals(): Totals {
    return this.state.totals;
  }

  /** Undefined where the program is over, or the step cannot be executed. */
  get step(): Step | undefined {
    // It is asked for at every reading, and is another one with another run only.
    if (this.known?.run !== this.run) {
      this.known = { run: this.run, step: stepOf(this.plan, this.run) };
    }
    return this.known.step;
  }

  get limits(): readonly (Limits | undefined)[] {
    return [this.plan.program.limits, this.step?.limits];
  }

  recordRule(step: Step): RecordRule {
    return recordRuleOf(this.plan.program, step);
  }

  /** What the output is to hold next, for a cell that has this voltage now. */
  hold(step: Step, voltageV: number): SetPoint {
    const held = setPoint(step, { stepTimeS: this.totals.durationS, voltageV }, this.state.held);
    this.state = { ...this.state, held };
    return held;
  }

  /** Seconds until something is due by time alone: an end, or the next point of a drive cycle. */
  dueInS(step: Step): number {
    const { durationS } = this.totals;
    const ends = endsOf(step).flatMap(({ timeS }) => timeS ?? []);
    // Times are sums: a point that was reached but for a rounding is no longer due.
    const points = step.do === 'drive' ? step.points.map(([timeS]) => timeS) : [];
    const next = [...ends, ...points].map((timeS) => timeS - durationS).filter((s) => s > 1e-6);
    return Math.min(Infinity, ...next);
  }

  /** Counts what passed in `dtS` seconds with one current, until this reading. */
  count(reading: Reading, dtS: number): void {
    const { totals, last, greatestV } = this.state;
    const { voltageV, currentA } = reading;
    const ah = (Math.abs(currentA) * dtS) / 3_600;
    const wh = (ah * (voltageV + (last?.voltageV ?? voltageV))) / 2;
    const durationS = totals.durationS + dtS;
    this.state = {
      ...this.state,
      ...{ last: reading, greatestV: Math.max(greatestV, voltageV) },
      totals:
        currentA >= 0
          ? { ...totals, durationS, chargeAh: totals.chargeAh + ah, chargeWh: totals.chargeWh + wh }
          : {
              ...{ ...totals, durationS },
              ...{ dischargeAh: totals.dischargeAh + ah, dischargeWh: totals.dischargeWh + wh },
            },
    };
  }

  /** Why the step is over by its last reading, if it is. */
  endedBy(step: Step, testTimeS: number): Cause | undefined {
    const seen = this.measurement;
    if (!seen) return undefined;
    if (stopDuring(this.plan, { ...seen, testTimeS }) !== undefined) return 'stop';
    // As if the time were whole: a rounding of it must not cost another record.
    return endOf(step, { ...seen, stepTimeS: seen.stepTimeS + 1e-6 })?.cause;
  }

  /** Goes on to the next step, or halts where the cause does not end this one. */
  end(cause: Cause): void {
    const { measurement } = this;
    const run = advance(this.plan, this.run, { cause, ...(measurement && { measurement }) });
    this.state =
      run.status === 'halted'
        ? { ...this.state, run }
        : { program: this.state.program, run, ...fresh };
  }

  halt(cause: Cause): void {
    this.state = { ...this.state, run: halt(this.run, cause) };
  }

  /** Goes on with the step that was halted, with what the server knows where that is more than is known here. */
  resume({ at, measuredCapacityAh }: Pick<Resume, 'at' | 'measuredCapacityAh'>): void {
    const { held: _, ...others } = this.state;
    const totals = { ...this.totals, ...moreThan(this.totals, at) };
    const { durationS, ...moved } = totals;
    const carried = {
      stepTimeS: durationS,
      capacityAh: moved.chargeAh - moved.dischargeAh,
      energyWh: moved.chargeWh - moved.dischargeWh,
    };
    const run = resume(this.run, carried);
    const capacities = {
      ...run.capacities,
      ...(measuredCapacityAh !== undefined && { measuredCapacityAh }),
    };
    this.state = { ...others, totals, run: { ...run, capacities } };
  }

  private get measurement(): Measurement | undefined {
    const { last, totals, greatestV } = this.state;
    return (
      last && {
        ...last,
        powerW: last.voltageV * last.currentA,
        stepTimeS: totals.durationS,
        capacityAh: totals.chargeAh - totals.dischargeAh,
        energyWh: totals.chargeWh - totals.dischargeWh,
        deltaVoltageV: Math.max(0, greatestV - last.voltageV),
      }
    );
  }
}

const moreThan = ({ durationS }: Totals, at: Resume['at']): Partial<Totals> =>
  at && at.stepTimeS > durationS
    ? { durationS: at.stepTimeS, chargeAh: at.chargeAh, dischargeAh: at.dischargeAh }
    : {};
