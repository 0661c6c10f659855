import type { CsvRow } from '#csv/csv-file.js';

import type { ElementInput } from '../../read-elements.js';
import type { RowProblem } from '../events.js';
import type { FactLayout } from '../layouts/fact-layout.js';
import { cellProblem, collapse, isNotSubmitted, isTooLong, problem, unusable } from './cell.js';
import { type Damage, damageOf } from './damage.js';
import type { RowDamage } from './normalised-row.js';
import { isPlaceholder, withoutTextGuard } from './placeholders.js';

/** Longest name or model number that is taken. */
const maxIdentity = 200;

/** A text and the cell that it was cleaned from. */
export interface Cleaned {
  readonly text: string;
  readonly raw: string;
}

/** Reads the cells of one row, and gathers what is wrong with them. */
export class RowReader<C extends string> {
  /** The row cannot be used. */
  readonly rejecting: RowProblem[] = [];
  /** What was kept raw or left out. */
  readonly problems: RowProblem[] = [];
  /** Pointers to facts that a person should look at. */
  readonly unread: string[] = [];
  private readonly damages: RowProblem[] = [];
  private readonly meant = new Map<'manufacturer' | 'model', string>();

  constructor(
    private readonly layout: FactLayout<C>,
    private readonly row: CsvRow<C>,
  ) {
    if (row.misshapen !== undefined) this.rejecting.push(problem('', row.misshapen, ''));
  }

  reject(column: C, reason: string): void {
    this.rejecting.push(cellProblem(this.layout, this.row, column, reason));
  }

  note(column: C, reason: string): void {
    this.problems.push(cellProblem(this.layout, this.row, column, reason));
  }

  /** The row needs review until a person has said what the fact is. */
  ask(column: C, pointer: string, reason: string): void {
    this.note(column, reason);
    this.unread.push(pointer);
  }

  /** The cell as the file has it. */
  raw(column: C): string | undefined {
    return this.row.cells[column];
  }

  /**
   * The text of a cell that the row can do without: undefined without the column, and where the cell says
   * nothing that can be used (which is noted), '' where it is blank.
   */
  optional(column: C): string | undefined {
    const raw = this.row.cells[column];
    if (raw === undefined || raw === '') return raw;
    const why = unusable(raw);
    if (why !== undefined) {
      this.note(column, `${why}: the cell is left out`);
      return undefined;
    }
    if (isPlaceholder(raw)) {
      this.note(column, 'is a placeholder: the cell is left out');
      return undefined;
    }
    return withoutTextGuard(raw);
  }

  /** The maker's name or the model: without it nothing can be said of anything. */
  identity(column: ('manufacturer' | 'model') & C, clean: (raw: string) => string): Cleaned {
    const raw = this.row.cells[column] ?? '';
    const unguarded = withoutTextGuard(raw);
    const damage = isTooLong(raw) ? undefined : damageOf(unguarded, column);
    const why = unusable(raw.replaceAll('\ufffd', ''));
    // A text in another code page holds characters that no text has, and can be read all the same.
    if (why !== undefined && typeof damage?.meant !== 'string') {
      this.reject(column, why);
      return { text: '', raw };
    }
    const text = clean(unguarded);
    if (text === '') this.reject(column, 'is blank');
    if (text.length > maxIdentity) {
      this.reject(column, `is longer than ${String(maxIdentity)} characters`);
    }
    if (isNotSubmitted(raw)) this.reject(column, 'was not submitted');
    else if (isPlaceholder(raw)) this.reject(column, 'is a placeholder');
    this.meant.set(column, text);
    if (damage) this.damaged(column, damage, text, clean);
    return { text, raw };
  }

  /** Undefined where neither name nor model shows any. */
  damage(): RowDamage | undefined {
    if (this.damages.length === 0) return undefined;
    const [manufacturer = '', model = ''] = [
      this.meant.get('manufacturer'),
      this.meant.get('model'),
    ];
    return { problems: this.damages, meant: { manufacturer, model } };
  }

  /** An element of a column: none where the list says nothing, null where the cell is blank. */
  element(
    column: C,
    name: string,
    read: (text: string, raw: string) => ElementInput,
  ): Readonly<Record<string, ElementInput | null>> {
    const text = this.optional(column);
    if (text === undefined) return {};
    if (collapse(text) === '') return { [name]: null };
    const raw = this.row.cells[column] ?? '';
    return { [name]: isNotSubmitted(text) ? { state: 'notSubmitted', raw } : read(text, raw) };
  }

  private damaged(
    column: ('manufacturer' | 'model') & C,
    { reason, meant }: Damage,
    text: string,
    clean: (raw: string) => string,
  ): void {
    this.damages.push(cellProblem(this.layout, this.row, column, reason));
    this.meant.set(column, meant === null ? text : clean(meant));
  }
}

/** What is stored for a value: the source's text stays beside it where it differs. */
export const withRaw = (raw: string, value: string): ElementInput => ({
  state: 'submitted',
  value,
  ...(raw !== value && { raw }),
});
