import type { FieldError } from '#kernel/refusal.js';

import type { Learnt, SeriesState } from '../series/decider.js';
import type { ValueType } from '../series/events.js';
import { wrongSeriesName } from '../series/series-name.js';
import type { Block, Quality, SampleValue } from './events.js';
import { readTime, type TimeRules } from './read-time.js';
import { isMissing, typeShownBy, valueOf } from './read-value.js';

/** A time as it is written: ISO 8601 with a zone, or a number in the declared unit. */
export type WrittenTime = string | number;

/** Samples by series, each with a value for every time. */
export interface WrittenColumns {
  /** `t` and `dt` count from it, in milliseconds. */
  readonly t0?: WrittenTime;
  readonly dt?: number;
  /** Offsets from `t0`; times where `t0` is absent. */
  readonly t?: readonly WrittenTime[];
  readonly series: Readonly<Record<string, WrittenColumn>>;
}

export interface WrittenColumn {
  readonly unit?: string;
  readonly values: readonly unknown[];
  readonly quality?: readonly Quality[];
}

/** Samples by time. */
export interface WrittenRow {
  readonly t: WrittenTime;
  readonly values: Readonly<Record<string, unknown>>;
}

export type WrittenSamples = WrittenColumns | { readonly rows: readonly WrittenRow[] };

export interface ReadRules extends TimeRules {
  readonly known: SeriesState;
  /**
   * Text is read as a number where the series is one: digits with a decimal point and an exponent, and
   * nothing else; `true` and `false` as booleans. Otherwise text is text.
   */
  readonly parsesText: boolean;
}

/** A sample that was not taken, so that it can be written again: what was read of it, else as it was written. */
export interface RefusedSample extends FieldError {
  readonly t: WrittenTime;
  readonly series: string;
  readonly value: unknown;
  readonly unit?: string;
  readonly quality?: Quality;
}

export interface ReadSamples {
  /** By UTC day (`2026-05-04`); without the hash. */
  readonly days: ReadonlyMap<string, Omit<Block, 'hash'>>;
  readonly learnt: readonly Learnt[];
  readonly refused: readonly RefusedSample[];
  /** Samples in `days`. */
  readonly taken: number;
}

/** Values of one series for all rows of the message. */
interface Column {
  readonly series: string;
  readonly pointer: (row: number) => string;
  readonly unit: string | undefined;
  readonly values: readonly unknown[];
  readonly quality: readonly Quality[] | undefined;
}

/** What a message says, sample by sample: a wrong one is refused and does not take the others with it. */
export const readSamples = (written: WrittenSamples, rules: ReadRules): ReadSamples => {
  const times = timesOf(written, rules);
  const refused: RefusedSample[] = [];
  const learnt = new Map<string, Learnt>();
  const good = new Map<string, Pick<Column, 'quality'> & { values: SampleValue[] }>();
  for (const column of columnsOf(written, times.length)) {
    const type = typeOf(column, rules, learnt);
    const wrong = wrongSeriesName(column.series) ?? wrongUnit(column, rules);
    const values = column.values.map((value, row): SampleValue => {
      const { t = '', time } = times[row] ?? {};
      if (isMissing(value)) return null;
      const found = valueOf(value, type, rules.parsesText);
      const reason = wrong ?? time?.reason ?? (typeof found === 'string' ? found : undefined);
      if (typeof found === 'object' && reason === undefined) return found.value;
      const { series, unit, quality } = column;
      refused.push({
        ...{ pointer: column.pointer(row), reason: String(reason), series },
        t: time?.ms === undefined ? t : new Date(time.ms).toISOString(),
        value: typeof found === 'object' ? found.value : value,
        ...(unit !== undefined && { unit }),
        ...(quality?.[row] && { quality: quality[row] }),
      });
      return null;
    });
    if (values.some((value) => value !== null)) {
      good.set(column.series, { values, quality: flagged(column, values, rules) });
    } else {
      learnt.delete(column.series);
    }
  }
  const days = byDay(
    times.map(({ time }) => time.ms),
    good,
  );
  let taken = 0;
  for (const { values } of good.values())
    for (const value of values) if (value !== null) taken += 1;
  return { days, learnt: [...learnt.values()], refused, taken };
};

/** Places for values: so many series, each with a value for every time. */
export const cellsOf = (written: WrittenSamples): number => {
  if ('rows' in written) {
    const series = new Set(written.rows.flatMap(({ values }) => Object.keys(values)));
    return series.size * written.rows.length;
  }
  const columns = Object.values(written.series);
  return (
    columns.length * Math.max(written.t?.length ?? 0, ...columns.map(({ values }) => values.length))
  );
};

/** As they were written, or counted in milliseconds from `t0`, whose own unit or zone is that of all times. */
const timesOf = (written: WrittenSamples, rules: TimeRules): readonly Counted[] => {
  const each = (t: WrittenTime): Counted => ({ t, time: readTime(t, rules) });
  if ('rows' in written) return written.rows.map(({ t }) => each(t));
  const { t0, dt, t, series } = written;
  if (t0 === undefined) return (t ?? []).map(each);
  const count =
    t?.length ?? Math.max(0, ...Object.values(series).map(({ values }) => values.length));
  const start = readTime(t0, rules);
  return Array.from({ length: count }, (_, row) => {
    if (start.ms === undefined) return { t: t0, time: start };
    const at = start.ms + Number(t?.[row] ?? row * (dt ?? 0));
    return { t: at, time: readTime(at, { ...rules, timeUnit: 'ms' }) };
  });
};

interface Counted {
  readonly t: WrittenTime;
  readonly time: ReturnType<typeof readTime>;
}

const columnsOf = (written: WrittenSamples, rows: number): readonly Column[] => {
  if (!('rows' in written)) {
    return Object.entries(written.series).map(([series, { unit, values, quality }]) => ({
      ...{
        series,
        unit,
        quality,
        values: Array.from({ length: rows }, (_, row) => values[row] ?? null),
      },
      pointer: (row) => columnPointer(series, row),
    }));
  }
  const names = [...new Set(written.rows.flatMap(({ values }) => Object.keys(values)))];
  return names.map((series) => ({
    ...{ series, unit: undefined, quality: undefined },
    values: written.rows.map(({ values }) =>
      Object.hasOwn(values, series) ? values[series] : null,
    ),
    pointer: (row) => `/rows/${String(row)}/values/${escaped(series)}`,
  }));
};

/** Where a value stands in samples that are written as columns. */
export const columnPointer = (series: string, row: number): string =>
  `/series/${escaped(series)}/values/${String(row)}`;

const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

/** The type of the series' values: as it is known, or as the first one shows it. */
const typeOf = (
  { series, unit, values }: Column,
  { known, parsesText }: ReadRules,
  learnt: Map<string, Learnt>,
): ValueType => {
  const before = known.get(series);
  const first = values.find((value) => !isMissing(value));
  const valueType = before?.valueType ?? typeShownBy(first, parsesText);
  const isNews = before === undefined || (before.unit === null && unit !== undefined);
  if (isNews && first !== undefined) learnt.set(series, { series, valueType, unit: unit ?? null });
  return valueType;
};

const wrongUnit = ({ series, unit }: Column, { known }: ReadRules): string | undefined => {
  const now = known.get(series)?.unit ?? undefined;
  return unit === undefined || now === undefined || unit === now
    ? undefined
    : `expected values in ${now}, the unit of the series, not in ${unit}`;
};

/** What lies outside of the plausible range of its series is kept, and uncertain where the sender found it good. */
const flagged = (
  { series, quality }: Column,
  values: readonly SampleValue[],
  { known }: ReadRules,
): Column['quality'] => {
  const { low = null, high = null } = known.get(series)?.declared ?? {};
  const isOutside = (value: SampleValue): boolean =>
    typeof value === 'number' && (value < (low ?? -Infinity) || value > (high ?? Infinity));
  if (!values.some(isOutside)) return quality;
  return values.map((value, row) => {
    const said = quality?.[row] ?? 'good';
    return said === 'good' && isOutside(value) ? 'uncertain' : said;
  });
};

/** One block for each day; rows that hold nothing are left out, and so are series without a value on that day. */
const byDay = (
  times: readonly (number | undefined)[],
  columns: ReadonlyMap<
    string,
    { values: readonly SampleValue[]; quality: readonly Quality[] | undefined }
  >,
): Map<string, Omit<Block, 'hash'>> => {
  const rowsOf = new Map<string, number[]>();
  const all = [...columns.values()];
  times.forEach((ms, row) => {
    if (ms === undefined || !all.some(({ values }) => values[row] !== null)) return;
    const day = new Date(ms).toISOString().slice(0, 10);
    const rows = rowsOf.get(day);
    if (rows) rows.push(row);
    else rowsOf.set(day, [row]);
  });
  const days = new Map<string, Omit<Block, 'hash'>>();
  for (const [day, rows] of rowsOf) {
    const ms = rows.map((row) => times[row] ?? 0);
    const start = ms.reduce((least, one) => Math.min(least, one), Infinity);
    const series = new Map<string, { values: SampleValue[]; quality?: Quality[] }>();
    for (const [name, { values, quality }] of columns) {
      const own = rows.map((row) => values[row] ?? null);
      if (own.every((value) => value === null)) continue;
      const flags = rows.map((row) => quality?.[row] ?? 'good');
      const isGood = flags.every((flag) => flag === 'good');
      series.set(name, { values: own, ...(!isGood && { quality: flags }) });
    }
    days.set(day, {
      ...{ t0: new Date(start).toISOString(), t: ms.map((one) => one - start) },
      // Whatever a series is called: one named __proto__ is a member, too.
      series: Object.fromEntries(series),
    });
  }
  return days;
};
