import type { ReadHeader } from './header.js';
import { checkRows } from './records.js';

/** A column that nobody reads, and how many rows have a value in it. */
export interface UnreadColumn {
  /** As written, or which one it is where it has no title. */
  readonly title: string;
  readonly rows: number;
}

/** What a pass over all data records of a file counts. */
export class DataScan {
  rows = 0;
  private points = 0;
  private commas = 0;
  private readonly decimals: readonly number[];
  private readonly filled: number[];

  constructor(
    private readonly read: ReadHeader,
    private readonly maxRows: number,
  ) {
    const { columns, header, unknown } = read;
    const isDecimal = (name: string) => header.layout.columns[name]?.decimal === true;
    this.decimals = columns.filter(({ name }) => isDecimal(name)).map(({ at }) => at);
    this.filled = unknown.map(() => 0);
  }

  add(record: readonly string[]): void {
    this.rows += 1;
    checkRows(this.rows, this.maxRows, 'data rows');
    for (const at of this.decimals) {
      const cell = record[at]?.trim() ?? '';
      if (/^[-+]?\d*\.\d+$/.test(cell)) this.points += 1;
      else if (/^[-+]?\d*,\d+$/.test(cell)) this.commas += 1;
    }
    for (const [n, { at }] of this.read.unknown.entries()) {
      const cell = record[at];
      if (cell === undefined) break;
      if (cell !== '' && cell.trim() !== '') this.filled[n] = (this.filled[n] ?? 0) + 1;
    }
  }

  get decimalMark(): '.' | ',' {
    return this.commas > this.points ? ',' : '.';
  }

  get unread(): readonly UnreadColumn[] {
    return this.read.unknown.flatMap(({ title }, n) => {
      const rows = this.filled[n] ?? 0;
      return rows === 0 ? [] : [{ title, rows }];
    });
  }
}
