import type { RecordRule } from '#cycling/program/program.js';
import type { RunState } from '#cycling/program/run.js';
import type { CyclerSamplesMessage, StepMessage } from '#cycling/protocol/messages.js';

import type { Totals } from './execution.js';
import { isoOf, Recorder, rounded, type Row, samplesOf } from './recorder.js';
import type { Reading } from './sensors.js';

export type Emitted =
  | { readonly kind: 'samples'; readonly body: CyclerSamplesMessage }
  | { readonly kind: 'steps'; readonly body: StepMessage };

export type Said = Pick<StepMessage, 'what' | 'cause' | 'trip' | 'gapS' | 'reason'>;

/** The experiment that something is said of, as the server names it. */
export interface Named {
  readonly experiment: string;
  readonly station: string;
}

export interface Moment {
  readonly testTimeS: number;
  /** By the clock of the unit. */
  readonly utcS: number;
}

/** What a station says of an experiment: rows of samples, and in between what happened, in their order. */
export class TestLog {
  private readonly recorder = new Recorder();
  private readonly emitted: Emitted[] = [];
  private readonly named: Named;

  constructor(
    { experiment, station }: Named,
    /** Names of measures beside voltage, current and temperature. */
    private readonly channels: readonly string[],
    /** What was measured last. */
    public row?: Row,
  ) {
    this.named = { experiment, station };
  }

  keep(
    reading: Reading,
    { testTimeS, utcS }: Moment,
    { stepCount, stepId, cycle }: RunState,
  ): void {
    this.row = { ...reading, testTimeS, utcS, stepCount, stepId, cycle };
  }

  /** Takes the last row where the rule wants it, or where it must be. */
  record(rule: RecordRule, must: boolean): void {
    if (this.row) this.recorder.take(this.row, rule, must);
  }

  say(said: Said, utcS: number, { stepCount, stepId, cycle }: RunState, totals: Totals): void {
    if (!this.row) return;
    this.pack(true);
    const { voltageV, currentA, temperatureC } = this.row;
    // As its records say it, so that they compare.
    const testTimeS = rounded(this.row.testTimeS);
    this.emitted.push({
      kind: 'steps',
      body: {
        ...{ ...this.named, ...said, stepCount, stepId, cycle, testTimeS, at: isoOf(utcS) },
        ...{ ...totals, voltageV, currentA, temperatureC },
      },
    });
  }

  /** What is to be sent; with `all` the rows that would wait for more of them, too. */
  take(all: boolean): readonly Emitted[] {
    this.pack(all);
    return this.emitted.splice(0);
  }

  private pack(all: boolean): void {
    for (const rows of this.recorder.chunks(all)) {
      this.emitted.push({ kind: 'samples', body: samplesOf(this.named, rows, this.channels) });
    }
  }
}
