/** A decimal with a point or a comma, or one with a point and commas between thousands; undefined for all else. */
export const numberIn = (cell: string): number | undefined => {
  let text = cell.trim();
  if (text.includes(',')) {
    const grouped = /^[-+]?\d{1,3}(,\d{3})+\.\d*$/.test(text);
    text = grouped ? text.replaceAll(',', '') : text.replace(',', '.');
  }
  if (!/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
};

/** Seconds: a number times `factor`, or `0d 01:02:03.4`, `26:02:03` or `1.02:03:04`, which say their units. */
export const secondsIn = (cell: string, factor: number): number | undefined => {
  const text = cell.trim();
  const parts = /^(?:(\d+)(?: ?d ?|\.))?(\d+):(\d{2}):(\d{2}(?:[.,]\d+)?)$/.exec(text);
  if (!parts) {
    const value = numberIn(text);
    return value === undefined ? undefined : value * factor;
  }
  const [, days = '0', hours = '0', minutes = '0', seconds = '0'] = parts;
  return (
    Number(days) * 86_400 +
    Number(hours) * 3600 +
    Number(minutes) * 60 +
    Number(seconds.replace(',', '.'))
  );
};

/** What a clock shows, as milliseconds since 1970 as if it were UTC; `isUtc` where it is. */
export interface WallTime {
  readonly ms: number;
  readonly isUtc: boolean;
  /** Milliseconds of its last digit. */
  readonly resolutionMs: number;
}

export type DateOrder = 'dmy' | 'mdy';

const dayMs = 86_400_000;
/** Days of Excel and MATLAB on 1970-01-01. */
const epochDays = { 'excel-days': 25_569, 'matlab-days': 719_529, d: 719_529 } as const;

/** Reads a date with a time in one of the forms that cyclers write; a number by `unit`, and as Unix time without one. */
export const wallTimeIn = (
  cell: string,
  unit: string | undefined,
  order: DateOrder,
): WallTime | undefined => {
  const text = cell.trim();
  const number = numberIn(text);
  if (number !== undefined)
    return numberedTime(number, unit, /[.,](\d*)$/.exec(text)?.[1]?.length ?? 0);
  const parts =
    /^(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})[T ,]+(\d{1,2}):(\d{2})(?::(\d{2}(?:[.,]\d+)?))?(?: ?([AP])M)?(?: ?(Z|[-+]\d{2}:?\d{2}))?$/i.exec(
      text,
    );
  if (!parts) return undefined;
  const [, a = '', mark, b = '', c = '', hours, minutes, seconds, half, zone] = parts;
  const [year, month, day] =
    a.length === 4 ? [a, b, c] : order === 'dmy' || mark === '.' ? [c, b, a] : [c, a, b];
  if (year.length !== 4 || !inRange(month, 1, 12) || !inRange(day, 1, 31)) return undefined;
  const hour =
    half === undefined ? Number(hours) : (Number(hours) % 12) + (/p/i.test(half) ? 12 : 0);
  if (hour > 23 || Number(minutes) > 59) return undefined;
  const midnight = Date.UTC(Number(year), Number(month) - 1, Number(day));
  const time = hour * 3600 + Number(minutes) * 60 + Number((seconds ?? '0').replace(',', '.'));
  return {
    ms: midnight + Math.round(time * 1000) - offsetMs(zone),
    isUtc: zone !== undefined,
    resolutionMs: seconds === undefined ? 60_000 : 1000,
  };
};

const numberedTime = (
  value: number,
  unit: string | undefined,
  decimals: number,
): WallTime | undefined => {
  const days = epochDays[unit as keyof typeof epochDays] as number | undefined;
  if (days !== undefined) {
    const ms = Math.round((value - days) * dayMs);
    return { ms, isUtc: false, resolutionMs: dayMs / 10 ** decimals };
  }
  return value > 1e8 && value < 1e11
    ? { ms: Math.round(value * 1000), isUtc: true, resolutionMs: 1000 }
    : undefined;
};

const inRange = (text: string, least: number, most: number): boolean =>
  Number(text) >= least && Number(text) <= most;

const offsetMs = (zone: string | undefined): number => {
  const parts = /^([-+])(\d{2}):?(\d{2})$/.exec(zone ?? '');
  if (!parts) return 0;
  const ms = (Number(parts[2]) * 60 + Number(parts[3])) * 60_000;
  return parts[1] === '-' ? -ms : ms;
};

/** The order that dates such as 24/10/2026 show by themselves, or undefined where none of them does. */
export const dateOrderOf = (cells: readonly string[]): DateOrder | undefined => {
  for (const cell of cells) {
    const [, a, b] = /^\s*(\d{1,2})\/(\d{1,2})\//.exec(cell) ?? [];
    if (Number(a) > 12) return 'dmy';
    if (Number(b) > 12 || (a !== undefined && /[AP]M/i.test(cell))) return 'mdy';
  }
  return undefined;
};

/** What flows in a step by what the file calls it, such as `D`, `CC DChg` or `discharge CC`. */
export const directionIn = (state: string): 'charge' | 'discharge' | undefined => {
  const text = state.trim();
  if (/^d$|d(is)?_?ch/i.test(text)) return 'discharge';
  return /^c$|chg|charge/i.test(text) ? 'charge' : undefined;
};
