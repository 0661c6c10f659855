import { instantExpected, parseInstant } from '#kernel/instant.js';

/** Units of times that are numbers, with how many of each are a millisecond. */
export const timeUnits = { s: 0.001, ms: 1, us: 1_000, ns: 1_000_000 } as const;
export type TimeUnit = keyof typeof timeUnits;

export interface TimeRules {
  /** Of times that are numbers; declared, never guessed. */
  readonly timeUnit: TimeUnit;
  /** Milliseconds since 1970 by our clock. */
  readonly now: number;
}

/** Nothing that is measured here is older: such a time is one in another unit, or of a clock that was never set. */
const earliest = Date.UTC(2000, 0, 1);
/** How far a clock may be ahead of ours. */
const aheadMs = 86_400_000;

/** RFC 3339 lets a space stand for the T. */
const dateAndSpace = /^(\d{4}-\d{2}-\d{2}) (?=\d)/;

/** Milliseconds since 1970, or why the time is none. Finer digits are cut off. */
export const readTime = (
  written: string | number,
  { timeUnit, now }: TimeRules,
): { readonly ms?: number; readonly reason?: string } => {
  const ms =
    typeof written === 'number'
      ? Math.floor(written / timeUnits[timeUnit])
      : parseInstant(written.replace(dateAndSpace, '$1T'));
  if (ms === undefined || !Number.isFinite(ms)) return { reason: notATime(String(written), now) };
  if (ms >= earliest && ms <= now + aheadMs) return { ms };
  const where = ms < earliest ? 'lies before 2000' : 'lies more than a day ahead of the server';
  const alike = typeof written === 'number' ? otherUnit(written, now) : undefined;
  const hint = alike === undefined ? '' : `; it looks like ${alike}`;
  return {
    reason: `expected a time from 2000 to one day ahead of the server: this one ${where}${hint}`,
  };
};

const names = { s: 'seconds', ms: 'milliseconds', us: 'microseconds', ns: 'nanoseconds' };

/** The unit in which the number would be a time of ours. */
const otherUnit = (written: number, now: number): string | undefined => {
  const found = (Object.keys(timeUnits) as TimeUnit[]).find((unit) => {
    const ms = written / timeUnits[unit];
    return ms >= earliest && ms <= now + aheadMs;
  });
  return found && names[found];
};

const notATime = (written: string, now: number): string => {
  const alike = /^\d+$/.test(written) ? otherUnit(Number(written), now) : undefined;
  if (alike !== undefined) return `expected ${instantExpected}; it looks like ${alike} as text`;
  const hint = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}[\d:.]*$/.test(written)
    ? '; it looks like a time without a zone'
    : '';
  return `expected ${instantExpected}${hint}`;
};
