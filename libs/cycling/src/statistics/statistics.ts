import type { CyclerRecord } from '../record.js';
import { type CycleRule, noCycleYet, placeStep } from './cycle-rule.js';
import {
  addStep,
  capacityOf,
  type CycleEnd,
  type CycleStatistics,
  cycleStatistics,
  hasFlow,
  type OpenCycle,
} from './cycle-statistics.js';
import type { StatisticsOptions } from './options.js';
import { addToStep, type OpenStep, openStep, type TestSoFar } from './step.js';
import { type StepStatistics, stepStatistics } from './step-statistics.js';

/** Everything that is known of a test so far: plain JSON, to be stored between batches. */
export interface StatisticsState {
  readonly test: TestSoFar;
  readonly rule: CycleRule;
  readonly step: OpenStep | null;
  readonly cycle: OpenCycle | null;
  /** Ah of the cycles that ended. */
  readonly throughputAh: number;
  readonly referenceAh: number | null;
}

export interface StatisticsChanges {
  /** The steps and cycles that records were added to, in order; the last ones may still run. */
  readonly steps: readonly StepStatistics[];
  readonly cycles: readonly CycleStatistics[];
}

/**
 * Computes the steps and cycles of one test from its records, in order and in batches of any size. The same records in
 * other batches, with the state stored and read in between, give the same statistics.
 */
export class CyclerStatistics {
  private readonly test: TestSoFar;
  private rule: CycleRule;
  private step: OpenStep | null;
  private cycle: OpenCycle | null;
  private throughputAh: number;
  private referenceAh: number | null;
  private steps: StepStatistics[] = [];
  private cycles: CycleStatistics[] = [];

  /** `state`: what `state()` gave after the batch before; it is copied. */
  constructor(
    private readonly options: StatisticsOptions = {},
    state?: StatisticsState,
  ) {
    const copy = state && structuredClone(state);
    this.test = copy?.test ?? {
      largestA: 0,
      longestIntervalS: 0,
      chargeAh: null,
      dischargeAh: null,
    };
    this.rule = copy?.rule ?? noCycleYet;
    this.step = copy?.step ?? null;
    this.cycle = copy?.cycle ?? null;
    this.throughputAh = copy?.throughputAh ?? 0;
    this.referenceAh = copy?.referenceAh ?? null;
  }

  state(): StatisticsState {
    const { test, rule, step, cycle, throughputAh, referenceAh } = this;
    return structuredClone({ test, rule, step, cycle, throughputAh, referenceAh });
  }

  /** Adds records that follow those before. */
  add(records: readonly CyclerRecord[]): StatisticsChanges {
    for (const record of records) {
      if (this.step?.first.stepCount === record.stepCount) {
        addToStep(this.step, record, this.test, this.options);
        continue;
      }
      const next = openStep(record, this.step, this.test, this.options);
      this.endStep();
      this.step = next;
    }
    return this.changes('running');
  }

  /** Says that no more records come: what still ran has ended. */
  end(): StatisticsChanges {
    return this.changes('last');
  }

  private changes(at: 'running' | 'last'): StatisticsChanges {
    const ended = at === 'last';
    if (this.step) {
      const before = this.cycle;
      const [step, rule] = this.placed(this.step, ended);
      this.steps.push(step);
      // Until it has ended, what a step is to the cycles that are found from steps may change.
      if (!ended && (this.options.cycle ?? 'recorded') !== 'recorded') {
        if (before !== null && hasFlow(before)) this.cycles.push(this.cycleAt(before, at, null));
        return this.taken();
      }
      const begins = before !== null && before.cycle !== rule.cycle;
      if (begins) this.cycles.push(this.endedCycle(before));
      const open = addStep(begins ? null : before, step, before === null);
      if (hasFlow(open) || (ended && before === null)) {
        this.cycles.push(this.cycleAt(open, at, begins ? before : null));
      }
    }
    return this.taken();
  }

  private taken(): StatisticsChanges {
    const changes = { steps: this.steps, cycles: this.cycles };
    this.steps = [];
    this.cycles = [];
    return changes;
  }

  /** Closes the step that runs, and the cycle before it where it begins another one. */
  private endStep(): void {
    if (!this.step) return;
    const [step, rule] = this.placed(this.step, true);
    const before = this.cycle;
    const begins = before !== null && before.cycle !== rule.cycle;
    if (begins) {
      const cycle = this.endedCycle(before);
      this.cycles.push(cycle);
      this.throughputAh = cycle.testThroughputAh;
      this.referenceAh ??= this.referenceOf(cycle);
    }
    this.rule = rule;
    this.cycle = addStep(begins ? null : before, step, before === null);
    this.steps.push(step);
  }

  private placed(open: OpenStep, ended: boolean): readonly [StepStatistics, CycleRule] {
    const { test, options } = this;
    const step = stepStatistics(open, open.first.cycle, ended, test, options);
    const rule = placeStep(this.rule, step, options.cycle ?? 'recorded');
    return [{ ...step, cycle: rule.cycle ?? step.cycle }, rule];
  }

  private endedCycle(cycle: OpenCycle): CycleStatistics {
    return this.cycleAt(cycle, 'ended', null);
  }

  /** `before`: a cycle that ended as this one began, and is not in the sums yet. */
  private cycleAt(cycle: OpenCycle, at: CycleEnd['at'], before: OpenCycle | null): CycleStatistics {
    const beforeAh = before === null ? 0 : before.chargeAh + before.dischargeAh;
    const throughputBeforeAh = this.throughputAh + beforeAh;
    const ended = before === null ? null : this.endedCycle(before);
    const referenceAh = this.referenceAh ?? (ended && this.referenceOf(ended));
    const end = { at, throughputBeforeAh, referenceAh };
    const statistics = cycleStatistics(cycle, end, this.options);
    // The reference is compared with itself.
    const own = referenceAh === null ? this.referenceOf(statistics) : null;
    return own === null ? statistics : { ...statistics, capacityRetention: 1 };
  }

  /** Ah of the cycle, where it is the one that others are compared with. */
  private referenceOf(cycle: CycleStatistics): number | null {
    const { referenceCycle } = this.options;
    const isReference =
      referenceCycle === undefined ? cycle.partial.length === 0 : cycle.cycle === referenceCycle;
    const capacityAh = capacityOf(cycle, this.options);
    return cycle.ended && isReference && capacityAh > 0 ? capacityAh : null;
  }
}
