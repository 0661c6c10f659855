/** What a row says of steps and cycles, where its file has such columns. */
export interface Numbering {
  readonly stepId: number | undefined;
  readonly stepCount: number | undefined;
  readonly stepTimeS: number | undefined;
  readonly cycle: number | undefined;
  readonly currentA: number;
}

type Direction = 'charge' | 'discharge' | 'rest';

/** A current of less than this share of the largest one is none. */
const restShare = 0.001;

/** Finds cycles where the file has none that can be used: one begins with what flowed first, after the other direction. */
export class FoundCycles {
  cycle = 1;
  private begins: Direction | undefined;
  private otherFlowed = false;
  private direction: Direction = 'rest';
  private largestA = 0;

  /** The direction of the step that the record belongs to, and whether the record begins a cycle. */
  observe(currentA: number, isNewStep: boolean): boolean {
    if (isNewStep) this.direction = 'rest';
    this.largestA = Math.max(this.largestA, Math.abs(currentA));
    // What flows the other way within a step does not change what the step is.
    if (this.direction !== 'rest' || Math.abs(currentA) <= restShare * this.largestA) return false;
    this.direction = currentA > 0 ? 'charge' : 'discharge';
    this.begins ??= this.direction;
    if (this.direction !== this.begins) {
      this.otherFlowed = true;
      return false;
    }
    const begins = this.otherFlowed;
    this.otherFlowed = false;
    return begins;
  }
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

type Warn = (what: string, message: string) => void;

/** Numbers the executed steps and the cycles of one file, by its own numbers where they can be used. */
export class StepsAndCycles {
  private stepCount = 0;
  private last: Numbering | undefined;
  private direction: Direction = 'rest';
  private recorded: number | undefined;
  private stepsAreFound = false;

  constructor(
    private readonly found: FoundCycles,
    private cyclesAreFound: boolean,
    private readonly warn: Warn,
  ) {}

  get cycles(): 'file' | 'steps' {
    return this.cyclesAreFound ? 'steps' : 'file';
  }

  number(given: Numbering): Pick<CyclerNumbers, 'stepCount' | 'stepId' | 'cycle'> {
    const row = { ...given, stepId: this.stepIdOf(given) };
    const isNewStep = this.isNewStep(row);
    this.stepCount = this.countOf(row, isNewStep);
    const cycle = this.cycleOf(row, isNewStep);
    this.last = row;
    return { stepCount: this.stepCount, stepId: row.stepId ?? this.stepCount, cycle };
  }

  /** A step id that is none is left out, as one that a file does not have. */
  private stepIdOf({ stepId }: Numbering): number | undefined {
    if (stepId === undefined || isCount(stepId)) return stepId;
    this.warn(
      'step id',
      `the step id ${String(stepId)} is no whole number: such ones are not followed`,
    );
    return undefined;
  }

  private isNewStep(row: Numbering): boolean {
    const { last } = this;
    const direction = row.currentA > 0 ? 'charge' : row.currentA < 0 ? 'discharge' : 'rest';
    const turned = direction !== this.direction;
    this.direction = direction;
    if (!last || row.stepId !== last.stepId) return true;
    if (row.stepCount !== undefined && !this.stepsAreFound) return row.stepCount !== last.stepCount;
    if (row.stepTimeS !== undefined) return row.stepTimeS < (last.stepTimeS ?? 0);
    // A step id that stays while the cycle changes is that of a program of one step.
    if (row.stepId !== undefined) return row.cycle !== last.cycle;
    return turned;
  }

  private countOf(row: Numbering, isNewStep: boolean): number {
    if (row.stepCount !== undefined && !this.stepsAreFound) {
      if (isCount(row.stepCount) && row.stepCount >= this.stepCount) return row.stepCount;
      this.stepsAreFound = true;
      const found = String(row.stepCount);
      this.warn(
        'step count',
        `the step count ${found} is no count that goes on from ${String(this.stepCount)}: steps are counted from here on`,
      );
    }
    return this.stepCount + (isNewStep ? 1 : 0);
  }

  private cycleOf({ cycle, currentA }: Numbering, isNewStep: boolean): number {
    const begins = this.found.observe(currentA, isNewStep);
    if (cycle !== undefined && !this.cyclesAreFound) {
      if (!isCount(cycle)) {
        this.cyclesAreFound = true;
        this.found.cycle = this.recorded ?? 1;
      } else if (this.recorded === undefined || cycle >= this.recorded) {
        this.recorded = cycle;
        return cycle;
      }
    }
    if (!this.cyclesAreFound && this.recorded !== undefined) {
      // The record belongs where it stands in time, in this cycle or in the next one.
      this.warn(
        'cycle count',
        `the cycle count goes back from ${String(this.recorded)} to ${String(cycle)}: it is not followed`,
      );
      this.recorded += begins ? 1 : 0;
      return this.recorded;
    }
    if (cycle !== undefined) {
      this.warn(
        'cycle count',
        `the cycle count ${String(cycle)} is no whole number: cycles are found from what flows`,
      );
    }
    this.found.cycle += begins ? 1 : 0;
    return this.found.cycle;
  }
}

interface CyclerNumbers {
  readonly stepCount: number;
  readonly stepId: number;
  readonly cycle: number;
}
