import type { RecordRule } from '#cycling/program/program.js';
import { mustRecord } from '#cycling/program/set-point.js';
import type { CyclerSamplesMessage } from '#cycling/protocol/messages.js';

import type { Reading } from './sensors.js';

/** One row of samples. */
export interface Row extends Reading {
  /** Seconds of the test by the unit's own counter, which no correction of its clock moves. */
  readonly testTimeS: number;
  /** UTC in seconds since 1970, by the clock of the unit, which may jump. */
  readonly utcS: number;
  readonly stepCount: number;
  readonly stepId: number;
  readonly cycle: number;
}

/** Rows of a message at most. */
const maxRows = 500;
/** By which a clock may differ from the counter of seconds without being corrected. */
const jumpS = 0.5;

export class Recorder {
  private rows: Row[] = [];
  private readonly full: (readonly Row[])[] = [];
  /** The last row that was recorded, and the one that came last without being recorded. */
  private recorded: Row | undefined;
  private passedBy: Row | undefined;

  /** Takes a row where the rule wants one, or where `must` does: the first and the last one of a step. */
  take(row: Row, rule: RecordRule, must: boolean): void {
    const { recorded, passedBy } = this;
    if (row === recorded) return;
    if (!must && !mustRecord(rule, recorded, row)) {
      this.passedBy = row;
      return;
    }
    // What came just before a change belongs to it: a line from the last record would cut the corner.
    const isByTimeAlone = !must && !mustRecord({ ...rule, everyS: Infinity }, recorded, row);
    if (!isByTimeAlone && passedBy?.stepCount === row.stepCount) this.push(passedBy);
    this.push(row);
  }

  /** What is to be sent: full chunks, or with `all` what there is. */
  chunks(all: boolean): readonly (readonly Row[])[] {
    if (all) this.close();
    return this.full.splice(0);
  }

  private push(row: Row): void {
    const [first] = this.rows;
    const isJump =
      first && Math.abs(row.utcS - first.utcS - (row.testTimeS - first.testTimeS)) > jumpS;
    if (isJump === true || this.rows.length >= maxRows) this.close();
    this.rows.push(row);
    this.recorded = row;
    this.passedBy = undefined;
  }

  private close(): void {
    if (this.rows.length > 0) this.full.push(this.rows);
    this.rows = [];
  }
}

/** Milliseconds are finer than any record. */
export const rounded = (seconds: number): number => Math.round(seconds * 1_000) / 1_000;

export const samplesOf = (
  named: { readonly experiment: string; readonly station: string },
  rows: readonly Row[],
  further: readonly string[],
): CyclerSamplesMessage => {
  const column = <K extends keyof Row>(name: K): Row[K][] => rows.map((row) => row[name]);
  return {
    ...{ ...named, t0: isoOf(rows[0]?.utcS ?? 0) },
    testTimeS: column('testTimeS').map(rounded),
    ...{ stepCount: column('stepCount'), stepId: column('stepId'), cycle: column('cycle') },
    ...{ voltageV: column('voltageV'), currentA: column('currentA') },
    temperatureC: column('temperatureC'),
    ...(further.length > 0 && { channels: furtherOf(rows, further) }),
  };
};

/** Sensors beside the three: each a little warmer than the one before. */
const furtherOf = (rows: readonly Row[], names: readonly string[]): Record<string, number[]> =>
  Object.fromEntries(
    names.map((name, index) => [
      name,
      rows.map(({ temperatureC }) => Math.round((temperatureC + 0.01 * index) * 1e4) / 1e4),
    ]),
  );

export const isoOf = (utcS: number): string => new Date(Math.round(utcS * 1_000)).toISOString();
