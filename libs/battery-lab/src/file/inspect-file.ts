import { createReadStream } from 'node:fs';
import { basename } from 'node:path';

import { detectEncoding, type Encoding } from '#csv/encoding.js';
import {
  type Delimiter,
  delimiters,
  filledCells,
  type NumberedRecord,
  readNumberedRecords,
} from '#csv/records.js';
import { Refusal } from '#kernel/refusal.js';

import { titleOf } from './fields.js';
import { type FileHeader, type HeaderTry, readAs, unknownLayout } from './header.js';
import { layouts } from './layouts.js';
import { type FileMapping, layoutOf } from './mapping.js';
import { type DateOrder, dateOrderOf, numberIn, wallTimeIn } from './values.js';

export interface FileOptions {
  /** Zone of the clock that the files show, such as `Europe/Brussels`. */
  readonly zone?: string;
  /** What the columns are, where the file is in no known layout. */
  readonly mapping?: FileMapping;
  /** How dates such as 5/11/2021 are meant, where the file does not show it. */
  readonly dateOrder?: DateOrder;
  /** Unit of the test time, where the file does not say it. */
  readonly timeUnit?: 's' | 'min' | 'h';
  /** Ends the reading: what it was aborted with is thrown. */
  readonly signal?: AbortSignal;
}

/** What the first rows of a file say about all others. */
export interface CyclerFile {
  readonly path: string;
  readonly name: string;
  readonly encoding: Encoding;
  readonly delimiter: Delimiter;
  readonly header: FileHeader;
  readonly dateOrder: DateOrder;
  /** When the lines above the header say that the test began, as they stand. */
  readonly started: string | undefined;
  /** What had to be assumed, by what it is about. */
  readonly assumed: Readonly<Record<string, string>>;
}

/** A header comes within so many rows: BioLogic writes a hundred lines above it. */
const headerSearch = 1_024;
/** Rows below the header by which units and dates are judged. */
const sampleRows = 64;

/**
 * Finds out what a file is by the columns it must have. Throws `Refusal`: `LAYOUT_UNKNOWN` with the layouts that are
 * known, `COLUMN_MISSING`, `UNIT_UNEXPECTED`, `NO_ROWS`, and what the reading of CSV throws.
 */
export const inspectCyclerFile = async (
  path: string,
  options: FileOptions = {},
  name = basename(path),
): Promise<CyclerFile> => {
  const encoding = await detectEncoding(createReadStream(path));
  const known = options.mapping ? [layoutOf(options.mapping)] : layouts;
  let best: Beginning | undefined;
  let refused: Refusal | undefined;
  for (const delimiter of delimiters) {
    const source = { source: path, encoding, delimiter, signal: options.signal };
    const begun: Beginning = { delimiter, records: [], found: undefined, closest: undefined };
    try {
      let below = 0;
      for await (const record of readNumberedRecords({ ...source, limit: headerSearch })) {
        begun.records.push(record);
        if (!begun.found && mayBeHeader(record)) {
          const titles = record.cells.map(titleOf);
          for (const layout of known) consider(begun, readAs(layout, record, titles));
        }
        below += begun.found ? 1 : 0;
        if (below > sampleRows) break;
      }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refused ??= error;
    }
    if (rankOf(begun) > rankOf(best)) best = begun;
  }
  if (!best?.found) {
    const rows = best?.records.map(({ cells }) => cells) ?? [];
    if (rows.length === 0 && refused) throw refused;
    const widest = rows.reduce((a, b) => (filledCells(b) > filledCells(a) ? b : a), rows[0] ?? []);
    throw unknownLayout(known, best?.closest, widest);
  }
  const { header } = best.found;
  const rows = best.records.filter(({ line }) => line > header.line).map(({ cells }) => cells);
  if (rows.length === 0) {
    throw new Refusal('NO_ROWS', 'unprocessable', 'the file has a header row but no row below it');
  }
  const above = best.records.filter(({ line }) => line < header.line);
  const file = { path, name, encoding, delimiter: best.delimiter, started: startedIn(above) };
  return { ...file, ...judge(header, rows, options) };
};

/** The first records of a file as they are under one delimiter. */
interface Beginning {
  readonly delimiter: Delimiter;
  readonly records: NumberedRecord[];
  found: HeaderTry | undefined;
  closest: HeaderTry | undefined;
}

/** Every layout needs three columns, and titles are no numbers: most rows need not be compared with all layouts. */
const mayBeHeader = ({ cells }: NumberedRecord): boolean =>
  filledCells(cells) >= 3 && cells.filter((cell) => /^[-+]?[\d.,]+$/.test(cell)).length < 3;

const consider = (begun: Beginning, read: HeaderTry): void => {
  if (read.matches > (begun.closest?.matches ?? 0)) begun.closest = read;
  if (read.missing.length > 0) return;
  if (!begun.found || read.matches > begun.found.matches) begun.found = read;
};

/** What was recognised decides, and the number of cells where nothing was. */
const rankOf = (begun: Beginning | undefined): number => {
  if (begun === undefined) return -1;
  const { found, closest, records } = begun;
  const widest = Math.min(999, Math.max(0, ...records.map(({ cells }) => filledCells(cells))));
  return ((found?.matches ?? 0) * 1_000 + (closest?.matches ?? 0)) * 1_000 + widest;
};

/** Basytec says it in German or English. */
const startedIn = (above: readonly NumberedRecord[]): string | undefined => {
  for (const { cells } of above) {
    const [, started] =
      /^~ ?(?:startzeit|start of test|start time) ?: *(.*)$/i.exec(cells.join(' ')) ?? [];
    if (started !== undefined) return started.trim();
  }
  return undefined;
};

type Rows = readonly (readonly string[])[];

/** Decides by the first rows what titles leave open: the order of dates, and the unit of a test time without one. */
const judge = (
  header: FileHeader,
  rows: Rows,
  options: FileOptions,
): Pick<CyclerFile, 'header' | 'dateOrder' | 'assumed'> => {
  const { testTime, clock } = header.columns;
  const cellsOf = (at: number | undefined) =>
    at === undefined ? [] : rows.map((row) => row[at] ?? '');
  const assumed: Record<string, string> = {};
  const dates = cellsOf(clock?.at);
  const shownOrder = dateOrderOf(dates) ?? options.dateOrder ?? header.layout.dateOrder;
  const dateOrder = shownOrder ?? 'mdy';
  if (shownOrder === undefined && dates.some((cell) => /^\s*\d{1,2}\/\d{1,2}\//.test(cell))) {
    assumed['date order'] =
      'dates are read as month/day/year: the file does not show which order it has';
  }
  const unsaid =
    header.layout.timeUnitUnsaid && testTime !== undefined && testTime.unit === undefined;
  const times = cellsOf(testTime?.at).map(numberIn);
  if (!unsaid || times.every((time) => time === undefined)) return { header, dateOrder, assumed };
  const walls = dates.map((cell) => wallTimeIn(cell, clock?.unit, dateOrder)?.ms);
  const told = options.timeUnit ?? unitByClock(times, walls);
  if (told === undefined) {
    assumed['time unit'] =
      'the test time is read as minutes: neither its title nor a clock says its unit';
  }
  const unit = told ?? 'min';
  const factor = unitSeconds[unit];
  const columns = { ...header.columns };
  for (const field of ['testTime', 'stepTime'] as const) {
    const column = columns[field];
    if (column && column.unit === undefined) columns[field] = { ...column, unit, factor };
  }
  return { header: { ...header, columns }, dateOrder, assumed };
};

const unitSeconds = { s: 1, min: 60, h: 3600 } as const;

/** The unit under which the test time runs as fast as the clock, within 10 %. */
const unitByClock = (
  times: readonly (number | undefined)[],
  walls: readonly (number | undefined)[],
): keyof typeof unitSeconds | undefined => {
  const both = times.flatMap((time, at) => {
    const wall = walls[at];
    return time === undefined || wall === undefined ? [] : [{ time, wall }];
  });
  const [first, last] = [both[0], both.at(-1)];
  if (!first || !last || last.time <= first.time) return undefined;
  const perUnit = (last.wall - first.wall) / 1000 / (last.time - first.time);
  const names = Object.keys(unitSeconds) as (keyof typeof unitSeconds)[];
  return names.find((unit) => Math.abs(perUnit / unitSeconds[unit] - 1) < 0.1);
};
