import { DateCounter, type DateCounts } from './date-shape.js';
import type { ReadHeader } from './header.js';
import { type DecimalMark, NumberCounter, type NumberCounts } from './number-shape.js';
import { checkRows } from './records.js';

/** A column that nobody reads, and how many rows have a value in it. */
export interface UnreadColumn {
  /** As written, or which one it is where it has no title. */
  readonly title: string;
  readonly rows: number;
}

interface Counted<T> {
  readonly name: string;
  readonly at: number;
  readonly counter: T;
}

/** What a pass over all data records of a file counts. */
export class DataScan {
  rows = 0;
  private readonly numberColumns: readonly Counted<NumberCounter>[];
  private readonly dateColumns: readonly Counted<DateCounter>[];
  private readonly filled: number[];

  constructor(
    private readonly read: ReadHeader,
    private readonly maxRows: number,
  ) {
    this.numberColumns = countersOf(read, 'decimal', () => new NumberCounter());
    this.dateColumns = countersOf(read, 'date', () => new DateCounter());
    this.filled = read.unknown.map(() => 0);
  }

  add(record: readonly string[]): void {
    this.rows += 1;
    checkRows(this.rows, this.maxRows, 'data rows');
    for (const { at, counter } of this.numberColumns) counter.add(record[at] ?? '');
    for (const { at, counter } of this.dateColumns) counter.add(record[at] ?? '');
    for (const [n, { at }] of this.read.unknown.entries()) {
      const cell = record[at];
      if (cell === undefined) break;
      if (cell !== '' && cell.trim() !== '') this.filled[n] = (this.filled[n] ?? 0) + 1;
    }
  }

  /** For people: what a number is read by is decided column by column. */
  get decimalMark(): DecimalMark {
    let [points, commas] = [0, 0];
    for (const { counter } of this.numberColumns) {
      points += counter.shapes.point + counter.shapes.pointOfThree;
      commas += counter.shapes.comma + counter.shapes.commaOfThree;
    }
    return commas > points ? ',' : '.';
  }

  get numbers(): Readonly<Record<string, NumberCounts>> {
    return byName(this.numberColumns);
  }

  get dates(): Readonly<Record<string, DateCounts>> {
    return byName(this.dateColumns);
  }

  get unread(): readonly UnreadColumn[] {
    return this.read.unknown.flatMap(({ title }, n) => {
      const rows = this.filled[n] ?? 0;
      return rows === 0 ? [] : [{ title, rows }];
    });
  }
}

const countersOf = <T>(
  { columns, header }: ReadHeader,
  kind: 'decimal' | 'date',
  make: () => T,
): readonly Counted<T>[] =>
  columns
    .filter(({ name }) => header.layout.columns[name]?.[kind] === true)
    .map(({ name, at }) => ({ name, at, counter: make() }));

const byName = <T>(counted: readonly Counted<T>[]): Readonly<Record<string, T>> =>
  Object.fromEntries(counted.map(({ name, counter }) => [name, counter]));
