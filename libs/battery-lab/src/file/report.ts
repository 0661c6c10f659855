import { Refusal } from '#kernel/refusal.js';

import type { ClockNote } from './clock.js';

/** Why a row gave no record. */
export type RowFault =
  /** The header again. */
  | 'header-repeated'
  /** Cells are missing, or there are too many. */
  | 'cells'
  /** A value that a record must have is none. */
  | 'value'
  /** The row before once more. */
  | 'record-repeated'
  /** The test time is less than that of the record before. */
  | 'time-back';

export interface RowProblem {
  readonly file: string;
  readonly line: number;
  readonly fault: RowFault;
  /** A sentence without its end, such as `column "Current(A)" holds "OVERLOAD", expected a number`. */
  readonly reason: string;
}

/** Something of the file that was not used, or not as it stands, while its rows were taken. */
export interface FileWarning {
  readonly file: string;
  /** What it is about, such as `cycle count`. */
  readonly what: string;
  readonly message: string;
  /** The first line that it is about, and how many there are. */
  readonly line: number;
  readonly count: number;
}

export interface FileSummary {
  readonly name: string;
  readonly layout: string;
  readonly encoding: string;
  /** What was read, and which titles were not. */
  readonly columns: readonly {
    readonly column: string;
    readonly as: string;
    readonly unit: string;
  }[];
  readonly ignored: readonly string[];
  /** Rows below the header that are not blank. */
  readonly rows: number;
  /** Records that were taken; those that a file before had are not among them. */
  readonly records: number;
  readonly overlapping: number;
}

export interface ImportReport {
  readonly files: readonly FileSummary[];
  readonly records: number;
  /** Records that two files have: taken once. */
  readonly overlapping: number;
  /** Rows that gave no record. */
  readonly problems: {
    readonly count: number;
    readonly byFault: Readonly<Partial<Record<RowFault, number>>>;
    readonly listed: readonly RowProblem[];
  };
  readonly warnings: readonly FileWarning[];
  readonly clock: {
    readonly count: number;
    readonly notes: readonly (ClockNote & { file: string })[];
  };
  /** Whether cycles are those of the file, or were found from what flowed: then `as-begun` statistics say the same. */
  readonly cycles: 'file' | 'steps';
  /** Start of the test: UTC, or what a clock of an unknown zone showed. */
  readonly start: { readonly utcMs: number } | { readonly local: string } | null;
  readonly zone: string | null;
}

/** So many notes of the clock are listed. */
const mostNotes = 1_000;
/** With more rows that give no record, a file is none of a cycler, or is read in the wrong way. */
export const mostRejected = 100_000;
const shownRejected = 20;

/**
 * Collects what is to be said of the files of one test, in bounded memory: `problem` throws `TOO_MANY_REJECTED_ROWS`, with
 * the first of them.
 */
export class Findings {
  private faults = 0;
  private readonly byFault: Partial<Record<RowFault, number>> = {};
  private readonly listed: RowProblem[] = [];
  private readonly warned = new Map<string, FileWarning & { count: number }>();
  private notes = 0;
  private readonly clockNotes: (ClockNote & { file: string })[] = [];

  problem(file: string, line: number, fault: RowFault, reason: string): void {
    this.faults += 1;
    this.byFault[fault] = (this.byFault[fault] ?? 0) + 1;
    if (this.faults > mostRejected) throw tooManyRejected(this.listed);
    this.listed.push({ file, line, fault, reason });
  }

  warn(file: string, what: string, line: number, message: string): void {
    const known = this.warned.get(`${file} ${what}`);
    if (known) known.count += 1;
    else this.warned.set(`${file} ${what}`, { file, what, message, line, count: 1 });
  }

  clock(file: string, note: ClockNote): void {
    this.notes += 1;
    if (this.clockNotes.length < mostNotes) this.clockNotes.push({ file, ...note });
  }

  found(): Pick<ImportReport, 'problems' | 'warnings' | 'clock'> {
    const { faults: count, byFault, listed, notes } = this;
    return {
      problems: { count, byFault: { ...byFault }, listed: [...listed] },
      warnings: [...this.warned.values()].map((warning) => ({ ...warning })),
      clock: { count: notes, notes: [...this.clockNotes] },
    };
  }
}

/** The first rows that gave no record, as a refusal names them. */
export const rejectedErrors = (listed: readonly RowProblem[]) =>
  listed.slice(0, shownRejected).map(({ file, line, reason }) => ({
    pointer: '/files',
    reason: `"${file}", line ${String(line)}: ${reason}`,
  }));

const tooManyRejected = (listed: readonly RowProblem[]) =>
  new Refusal(
    'TOO_MANY_REJECTED_ROWS',
    'unprocessable',
    `more than ${String(mostRejected)} rows are no records: these are no files of a cycler, or they are read in the wrong way`,
    { errors: rejectedErrors(listed) },
  );

/** Text of a file as part of a message: short, and on one line. */
export const shown = (text: string): string => {
  const line = text
    .slice(0, 300)
    .replace(/[\s\p{Control}]+/gu, ' ')
    .trim();
  return line.length > 60 ? `${line.slice(0, 60)}…` : line;
};
