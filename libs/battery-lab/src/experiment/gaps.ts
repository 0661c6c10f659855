import type { EventData } from './events.js';

/** A time in which the program stood though it had not ended. Times are ISO 8601 UTC, by the clock of the unit. */
export interface Gap {
  readonly cause:
    'pause' | 'trip' | Exclude<EventData<'ExperimentInterrupted'>['cause'], 'tripReset'>;
  readonly from: string;
  /** Null where it has not gone on. */
  readonly to: string | null;
  /** Seconds since the start at which it stood; null where the unit has not said so. */
  readonly testTimeS: number | null;
}

/** Older ones stand in the history. */
const mostGaps = 100;

/** The program stands. One that stands already has stood since then. */
export const gapOpened = (
  gaps: readonly Gap[],
  cause: Gap['cause'],
  at: string,
  withoutPowerS = 0,
): readonly Gap[] => {
  if (gaps.at(-1)?.to === null) return gaps;
  const from = new Date(Date.parse(at) - withoutPowerS * 1_000).toISOString();
  return [...gaps, { cause, from, to: null, testTimeS: null }].slice(-mostGaps);
};

/** It goes on, or it is known at which test time it stands. */
export const gapKnown = (
  gaps: readonly Gap[],
  known: Partial<Pick<Gap, 'to' | 'testTimeS'>>,
): readonly Gap[] => {
  const last = gaps.at(-1);
  return last?.to === null ? [...gaps.slice(0, -1), { ...last, ...known }] : gaps;
};
