import { type CellForms, isoDateCell, numberCell } from './number-cell.js';
import { general } from './number-formats.js';
import { TextGatherer } from './text-gatherer.js';
import type { Attributes, XmlHandler } from './xml.js';
import { broken, tooLarge } from './zip-parts.js';

/** Columns of a sheet, as many as a spreadsheet has. */
const maxColumns = 16_384;
/** Characters that stand in the cells of one row themselves, and not among the shared texts: all are kept until it ends. */
const maxRowCharacters = 1_024 * 1_024;

/** One row of a sheet. Rows that hold nothing may be absent. */
export interface SheetRow {
  /** As the spreadsheet counts them, from 1. */
  readonly number: number;
  /** Up to the last cell of the row; a cell without a value is ''. */
  readonly cells: readonly string[];
  /** How numbers and dates are displayed and stored where their text does not say both, by their column. */
  readonly forms: ReadonlyMap<number, CellForms>;
}

/** What the cells of a workbook refer to. */
export interface Shared {
  readonly strings: readonly string[];
  readonly formats: readonly string[];
  readonly isFrom1904: boolean;
}

interface Cell {
  readonly at: number;
  readonly type: string;
  readonly format: string;
}

/** Gathers the rows of a sheet from its XML. */
export class RowGatherer implements XmlHandler {
  private rows: SheetRow[] = [];
  private number = 0;
  private cells: string[] = [];
  private forms = new Map<number, CellForms>();
  private cell: Cell | undefined;
  private value: string[] = [];
  private formula: string[] | undefined;
  private element = '';
  private characters = 0;
  private readonly inline = new TextGatherer();

  constructor(private readonly shared: Shared) {}

  /** The rows that ended since the last time. */
  take(): readonly SheetRow[] {
    const { rows } = this;
    this.rows = [];
    return rows;
  }

  readonly open = (name: string, attributes: Attributes): void => {
    if (name === 'row') this.startRow(attributes);
    else if (name === 'c') this.startCell(attributes);
    else if (name === 'v') this.element = 'v';
    else if (name === 'f') {
      this.element = 'f';
      this.formula = [];
    } else this.inline.open(name);
  };

  readonly text = (text: string): void => {
    if (this.cell) this.characters += text.length;
    if (this.characters > maxRowCharacters) {
      throw tooLarge(`a row of more than ${String(maxRowCharacters)} characters`);
    }
    if (this.element === 'v') this.value.push(text);
    else if (this.element === 'f') this.formula?.push(text);
    else this.inline.add(text);
  };

  readonly close = (name: string): void => {
    if (name === 'v' || name === 'f') this.element = '';
    else if (name === 'c') this.endCell();
    else if (name === 'row') this.endRow();
    else this.inline.close(name);
  };

  private startRow({ r }: Attributes): void {
    const number = r === undefined ? this.number + 1 : Number(r);
    if (!Number.isInteger(number) || number <= this.number) {
      throw broken(`a row follows row ${String(this.number)} that is not below it`);
    }
    this.number = number;
    this.cells = [];
    this.forms = new Map();
    this.characters = 0;
  }

  private startCell({ r, t = 'n', s = '0' }: Attributes): void {
    const at = r === undefined ? this.cells.length : columnOf(r);
    if (at < this.cells.length || at >= maxColumns) {
      throw broken(`row ${String(this.number)} has a cell that is out of order or too far right`);
    }
    this.cell = { at, type: t, format: this.shared.formats[Number(s)] ?? general };
    this.value = [];
    this.formula = undefined;
    this.inline.clear();
  }

  private endCell(): void {
    const { cell } = this;
    if (!cell) return;
    this.cell = undefined;
    padTo(this.cells, cell.at);
    this.cells.push(this.textOf(cell));
  }

  private textOf({ at, type, format }: Cell): string {
    const value = this.value.join('');
    if (type === 'inlineStr') return this.inline.text;
    // Nobody has computed it: the formula is text, so that it is seen and not taken for a blank cell.
    if (value === '') return this.formula ? `=${this.formula.join('')}` : '';
    switch (type) {
      case 's':
        return this.sharedString(value);
      case 'b':
        return value === '1' ? 'TRUE' : 'FALSE';
      case 'str':
      case 'e':
        return value;
      default: {
        const { isFrom1904 } = this.shared;
        const found = type === 'd' ? isoDateCell(value) : numberCell(value, format, isFrom1904);
        if (found.forms) this.forms.set(at, found.forms);
        return found.text;
      }
    }
  }

  private sharedString(value: string): string {
    const text = this.shared.strings[Number(value)];
    if (text === undefined) {
      throw broken(`row ${String(this.number)} has a text that the workbook lacks`);
    }
    return text;
  }

  private endRow(): void {
    this.rows.push({ number: this.number, cells: this.cells, forms: this.forms });
  }
}

/** From here on blank cells are made at once, which is much faster than one after the other. */
const wideGap = 64;

const padTo = (cells: string[], length: number): void => {
  const from = cells.length;
  if (length - from >= wideGap) {
    cells.length = length;
    cells.fill('', from);
  }
  while (cells.length < length) cells.push('');
};

/** The column of a reference such as `AB12`, from 0. */
const columnOf = (reference: string): number => {
  const letters = /^\$?([A-Za-z]{1,3})\$?\d*$/.exec(reference)?.[1]?.toUpperCase();
  if (letters === undefined) throw broken('a cell has a reference that names no column');
  let column = 0;
  for (const letter of letters) column = column * 26 + letter.charCodeAt(0) - 64;
  return column - 1;
};
