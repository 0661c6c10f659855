import { type FieldError, Refusal } from '#kernel/refusal.js';

import type { StepOf } from './program.js';
import { type Line, linesOf, unreadable } from './text.js';

type Drive = StepOf<'drive'>;

/** What a file says of a drive cycle. */
export type DriveFile = Pick<Drive, 'quantity' | 'points'>;

interface Column {
  readonly quantity: 'time' | Drive['quantity'];
  /** Into s, A, W or V. */
  readonly factor: number;
}

/** Names that columns have, without what stands in brackets or after them as a unit. */
const names: Readonly<Record<string, Column['quantity']>> = {
  ...{ time: 'time', t: 'time', seconds: 'time', current: 'current', i: 'current' },
  ...{ power: 'power', p: 'power', voltage: 'voltage', u: 'voltage', v: 'voltage' },
};
const units: Readonly<Record<Column['quantity'], Readonly<Record<string, number>>>> = {
  time: { s: 1, sec: 1, ms: 0.001, min: 60, h: 3_600 },
  current: { a: 1, ma: 0.001 },
  power: { w: 1, kw: 1_000 },
  voltage: { v: 1, mv: 0.001 },
};
/** The first of these that is in the header is between all values of a file: a comma may be a decimal mark where another one is. */
const delimiters = ['\t', ';', ','];
const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const expectedHeader =
  'a header with time and one of current, power and voltage, such as "time_s,current_a"';

/**
 * Reads the file of a drive cycle: a header that names time and current, power or voltage, with units in brackets or after the
 * name (s, A, W, V unless given), and on each further line a time, from 0 on and rising, and a value; commas, semicolons or tabs
 * are between them, in the whole file the same; numbers have a decimal point. Positive values charge. Throws a `Refusal` (`PROGRAM_TEXT_INVALID`) that names line, column and expectation.
 */
export const readDriveFile = (text: string): DriveFile => {
  const [header, ...lines] = linesOf(text.replace(/^\uFEFF/, ''));
  if (!header) return unreadable(1, 1, expectedHeader);
  const delimiter = delimiters.find((one) => header.text.includes(one)) ?? ',';
  const columns = fieldsOf(header, delimiter).map(({ text: name }) => columnOf(name));
  const times = columns.flatMap((one, at) => (one?.quantity === 'time' ? [at] : []));
  const values = columns.flatMap((one, at) => (one && one.quantity !== 'time' ? [at] : []));
  const [timeAt, valueAt] = [times[0], values[0]];
  if (timeAt === undefined || valueAt === undefined || times.length + values.length > 2) {
    return unreadable(header.number, 1, expectedHeader);
  }
  const quantity = columns[valueAt]?.quantity as Drive['quantity'];
  const points: Drive['points'] = [];
  for (const line of lines) {
    const fields = fieldsOf(line, delimiter);
    if (fields.length > columns.length) {
      const { column } = fields[columns.length] ?? { column: 1 };
      unreadable(line.number, column, `no more than ${String(columns.length)} values`);
    }
    const read = (at: number): number => {
      const { text: written = '', column = line.text.length + 1 } = fields[at] ?? {};
      if (!decimal.test(written)) unreadable(line.number, column, 'a number with a decimal point');
      return inUnit(Number(written), columns[at]?.factor ?? 1);
    };
    const [timeS, value] = [read(timeAt), read(valueAt)];
    const [before] = points.at(-1) ?? [];
    if (before === undefined ? timeS !== 0 : timeS <= before) {
      const expected = before === undefined ? 'the time 0' : `a time after ${String(before)} s`;
      unreadable(line.number, fields[timeAt]?.column ?? 1, expected);
    }
    points.push([timeS, value]);
  }
  if (points.length < 2)
    unreadable(lines.at(-1)?.number ?? header.number, 1, 'two points at least');
  return { quantity, points };
};

/** A product of decimal fractions, without the digits that it has in binary alone, and without a sign of 0. */
const inUnit = (value: number, factor: number): number =>
  factor === 1 ? value : Number((value * factor).toPrecision(12)) + 0;

const columnOf = (written: string): Column | undefined => {
  const words = written.toLowerCase().match(/[a-z]+/g) ?? [];
  const [name = '', unit] = words;
  const quantity = Object.hasOwn(names, name) ? names[name] : undefined;
  if (!quantity || words.length > 2) return undefined;
  if (unit === undefined) return { quantity, factor: 1 };
  const known = units[quantity];
  const factor = Object.hasOwn(known, unit) ? known[unit] : undefined;
  return factor === undefined ? undefined : { quantity, factor };
};

/** With the column that each begins in, counted from 1. */
const fieldsOf = (
  { text }: Line,
  delimiter: string,
): readonly { readonly text: string; readonly column: number }[] => {
  let start = 0;
  return text.split(delimiter).map((field) => {
    const column = start + field.length - field.trimStart().length + 1;
    start += field.length + 1;
    return { text: field.trim(), column };
  });
};

export type DriveFiles = ReadonlyMap<string, DriveFile>;

/** With a factor, such as -1 for a file whose positive values discharge, or the part of a pack that one cell is. */
export const scaled = ({ quantity, points }: DriveFile, factor: number): DriveFile => ({
  quantity,
  points: points.map(([timeS, value]) => [timeS, inUnit(value, factor)]),
});

/**
 * A program, not checked yet, whose drive steps may name a file instead of their points: `{"do": "drive", "file": "us06", "scale":
 * -1}`. It comes back with the points in it, so that it says by itself what runs. Throws a `Refusal` (`PROGRAM_INVALID`).
 */
export const withDrives = (program: unknown, files: DriveFiles, pointer = '/program'): unknown => {
  const errors: FieldError[] = [];
  const embedded = (value: unknown, own: string): unknown => {
    if (Array.isArray(value)) return value.map((one, at) => embedded(one, `${own}/${String(at)}`));
    if (typeof value !== 'object' || value === null) return value;
    if (!('do' in value && value.do === 'drive' && 'file' in value)) {
      const nested = Object.entries(value).map(([name, inner]) =>
        name === 'steps' || name === 'loop'
          ? [name, embedded(inner, `${own}/${name}`)]
          : [name, inner as unknown],
      );
      return Object.fromEntries(nested) as unknown;
    }
    const { file: name, scale = 1, ...step } = value as Readonly<Record<string, unknown>>;
    const file = typeof name === 'string' ? files.get(name) : undefined;
    if (!file) {
      const known = [...files.keys()].join(', ') || 'points: there is no file of a drive cycle';
      errors.push({ pointer: `${own}/file`, reason: `expected ${known}` });
    }
    if (typeof scale !== 'number' || !Number.isFinite(scale) || scale === 0) {
      errors.push({ pointer: `${own}/scale`, reason: 'expected a number that is not 0' });
    }
    return file && typeof scale === 'number' ? { ...step, ...scaled(file, scale) } : step;
  };
  const whole = embedded(program, pointer);
  if (errors.length === 0) return whole;
  throw new Refusal('PROGRAM_INVALID', 'invalid', 'the program is not valid', { errors });
};
