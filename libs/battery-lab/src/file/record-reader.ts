import { misshape } from '#csv/csv-file.js';
import type { NumberedRecord } from '#csv/records.js';
import type { CyclerRecord } from '#cycling/record.js';

import { TestClock } from './clock.js';
import { type Field, fields } from './fields.js';
import type { CyclerFile } from './inspect-file.js';
import { type Findings, type RowFault, shown } from './report.js';
import { type FoundCycles, StepsAndCycles } from './steps-and-cycles.js';
import { directionIn, numberIn, secondsIn, type WallTime, wallTimeIn } from './values.js';

/** A record, with what stitching needs beside it. */
export interface ReadRecord {
  readonly record: CyclerRecord;
  /** Milliseconds of the clock: UTC where a zone is known. */
  readonly wallMs: number | undefined;
}

/** Thrown within a row that gives no record. */
class RowFaultError extends Error {
  constructor(
    readonly fault: RowFault,
    message: string,
  ) {
    super(message);
  }
}

/** Seconds: a hundred years. What shows a longer test time shows none. */
const longestTestS = 100 * 366 * 86_400;
/** A new step may begin so much later than its first record's step time says, since clocks show full seconds. */
const clockSlackS = 1.5;

/** Turns the rows of one file into records, and says of each row that gives none why. */
export class RecordReader {
  readonly clock: TestClock;
  readonly numbers: StepsAndCycles;
  private row = 0;
  private lastCells: readonly string[] = [];
  private lastLine = 0;
  private lastTimeS: number | undefined;
  private readonly stepBase = { startS: 0, stepTimeS: 0 };

  constructor(
    private readonly file: CyclerFile,
    private readonly findings: Findings,
    found: FoundCycles,
    zone: string | undefined,
  ) {
    const { name, header, started, assumed } = file;
    this.clock = new TestClock(zone, (note) => {
      findings.clock(name, note);
    });
    const warn = (what: string, message: string): void => {
      findings.warn(name, what, this.row, message);
    };
    this.numbers = new StepsAndCycles(found, header.columns.cycle === undefined, warn);
    const wall = started === undefined ? undefined : wallTimeIn(started, undefined, file.dateOrder);
    if (wall) this.clock.read(wall, 0, 0);
    for (const [what, message] of Object.entries(assumed))
      findings.warn(name, what, header.line, message);
  }

  read({ cells, line }: NumberedRecord): ReadRecord | undefined {
    this.row = line;
    try {
      return this.recordOf(cells, line);
    } catch (error) {
      if (!(error instanceof RowFaultError)) throw error;
      this.findings.problem(this.file.name, line, error.fault, error.message);
      return undefined;
    }
  }

  private recordOf(cells: readonly string[], line: number): ReadRecord {
    const { titles, width } = this.file.header;
    if (titles.every((title, at) => title === (cells[at] ?? '').trim())) {
      throw new RowFaultError('header-repeated', 'the header is repeated');
    }
    const misshapen = misshape(cells, width);
    if (misshapen !== undefined) throw new RowFaultError('cells', misshapen);
    if (
      cells.length === this.lastCells.length &&
      cells.every((cell, at) => cell === this.lastCells[at])
    ) {
      throw new RowFaultError(
        'record-repeated',
        `the record of line ${String(this.lastLine)} is repeated`,
      );
    }
    const voltageV = this.required(cells, 'voltage');
    const currentA = this.signed(cells, this.required(cells, 'current'));
    const wall = this.wallOf(cells);
    const stepTimeS = this.optional(cells, 'stepTime');
    const testTimeS = this.testTimeOf(cells, wall, stepTimeS);
    if (Math.abs(testTimeS) > longestTestS) {
      throw new RowFaultError(
        'value',
        `the test time is ${String(testTimeS)} s, expected less than a hundred years`,
      );
    }
    if (this.lastTimeS !== undefined && testTimeS < this.lastTimeS) {
      const from = String(this.lastTimeS);
      throw new RowFaultError(
        'time-back',
        `the test time goes back from ${from} s to ${String(testTimeS)} s`,
      );
    }
    const wallMs = wall && this.clock.read(wall, testTimeS, line);
    const [stepId, stepCount, cycle] = (['stepId', 'stepCount', 'cycle'] as const).map((field) =>
      this.optional(cells, field),
    );
    const numbers = this.numbers.number({ stepId, stepCount, cycle, stepTimeS, currentA });
    const unixS = this.optional(cells, 'unixTime');
    const utcMs = unixS === undefined ? this.clock.utcAt(testTimeS) : Math.round(unixS * 1000);
    const temperatureC = this.optional(cells, 'temperature');
    this.lastCells = cells;
    this.lastLine = line;
    this.lastTimeS = testTimeS;
    const record: CyclerRecord = {
      testTimeS,
      ...(utcMs !== undefined && { utcMs }),
      voltageV,
      currentA,
      ...numbers,
      ...(stepTimeS !== undefined && { stepTimeS }),
      ...(temperatureC !== undefined && { temperatureC }),
      ...this.countersOf(cells),
    };
    return { record, wallMs: wallMs ?? utcMs };
  }

  private cell(cells: readonly string[], field: Field): string | undefined {
    const at = this.file.header.columns[field]?.at;
    return at === undefined ? undefined : (cells[at] ?? '').trim();
  }

  /** In the unit of the field. */
  private valueOf(field: Field, cell: string): number | undefined {
    const factor = this.file.header.columns[field]?.factor ?? 1;
    if (fields[field] === 'time') return secondsIn(cell, factor);
    const value = numberIn(cell);
    // Dividing by a whole number gives what the other unit would have shown; multiplying by a thousandth does not.
    return value === undefined || factor >= 1 ? value : value / Math.round(1 / factor);
  }

  private required(cells: readonly string[], field: Field): number {
    const cell = this.cell(cells, field) ?? '';
    const value = this.valueOf(field, cell);
    if (value === undefined) throw this.noNumber(field, cell);
    return value;
  }

  private noNumber(field: Field, cell: string): RowFaultError {
    const title = this.file.header.columns[field]?.title ?? field;
    const found = cell === '' ? 'is empty' : `holds "${shown(cell)}"`;
    return new RowFaultError('value', `column "${title}" ${found}, expected a number`);
  }

  /** Absent where the file has no such column or an empty cell; what is no number is left out with a warning. */
  private optional(cells: readonly string[], field: Field): number | undefined {
    const cell = this.cell(cells, field);
    if (cell === undefined || cell === '' || /^nan$/i.test(cell)) return undefined;
    const value = this.valueOf(field, cell);
    if (value === undefined)
      this.warn(
        `column ${this.titleOf(field)}`,
        `it holds "${shown(cell)}", expected a number: such values are left out`,
      );
    return value;
  }

  private titleOf(field: Field): string {
    return `"${this.file.header.columns[field]?.title ?? field}"`;
  }

  private warn(what: string, message: string): void {
    this.findings.warn(this.file.name, what, this.row, message);
  }

  /** Many files show the current without a sign and say the direction beside it. */
  private signed(cells: readonly string[], value: number): number {
    const current = this.file.header.layout.positiveDischarges ? -value : value;
    const state = this.cell(cells, 'state');
    const discharges = state !== undefined && directionIn(state) === 'discharge';
    // Zero has no sign, as it has none in a file that is written.
    return discharges && current > 0 ? -current : current === 0 ? 0 : current;
  }

  private wallOf(cells: readonly string[]): WallTime | undefined {
    const clock = this.file.header.columns.clock ?? this.clockInTestTime(cells);
    const cell = clock && (cells[clock.at] ?? '').trim();
    if (cell === undefined || cell === '') return undefined;
    const wall = wallTimeIn(cell, clock?.unit, this.file.dateOrder);
    if (!wall)
      this.warn(
        'clock',
        `it shows "${shown(cell)}", which is no date with a time: the test time is used`,
      );
    return wall;
  }

  /** Some exports show the clock in the column of the test time. */
  private clockInTestTime(cells: readonly string[]) {
    const cell = this.cell(cells, 'testTime');
    return cell !== undefined && /\d[-/.]\d+[-/.]\d+[ T]/.test(cell)
      ? { at: this.file.header.columns.testTime?.at ?? 0, unit: undefined }
      : undefined;
  }

  private testTimeOf(
    cells: readonly string[],
    wall: WallTime | undefined,
    stepTimeS: number | undefined,
  ): number {
    const cell = this.cell(cells, 'testTime');
    if (cell !== undefined) {
      const value = this.valueOf('testTime', cell);
      if (value !== undefined) return value;
      if (wall && this.clockInTestTime(cells))
        return this.clock.elapsedS(wall, this.lastTimeS ?? 0);
      throw this.noNumber('testTime', cell);
    }
    if (stepTimeS === undefined)
      throw this.noNumber('stepTime', this.cell(cells, 'stepTime') ?? '');
    return this.timeByStep(stepTimeS, wall);
  }

  /** The test time where only each step counts its own: the step began where the one before ended, unless the clock shows a pause. */
  private timeByStep(stepTimeS: number, wall: WallTime | undefined): number {
    const base = this.stepBase;
    const lastS = this.lastTimeS ?? 0;
    if (stepTimeS < base.stepTimeS) {
      const begunS = wall ? this.clock.elapsedS(wall, lastS) - stepTimeS : lastS;
      base.startS = begunS > lastS + clockSlackS ? begunS : lastS;
    }
    base.stepTimeS = stepTimeS;
    return base.startS + stepTimeS;
  }

  private countersOf(cells: readonly string[]): Pick<CyclerRecord, 'chargeAh' | 'dischargeAh'> {
    const state = directionIn(this.cell(cells, 'state') ?? '');
    const both = state === undefined ? undefined : this.optional(cells, 'capacity');
    const chargeAh = this.optional(cells, 'charge') ?? (state === 'charge' ? both : undefined);
    const dischargeAh =
      this.optional(cells, 'discharge') ?? (state === 'discharge' ? both : undefined);
    return {
      ...(chargeAh !== undefined && { chargeAh }),
      ...(dischargeAh !== undefined && { dischargeAh }),
    };
  }
}
