/** How a series is read. */
export interface SeriesRules {
  readonly kind: 'gauge' | 'total' | 'net' | 'state' | 'text';
  readonly interpolation: 'hold' | 'linear';
  /** Expected time between two samples, in milliseconds. */
  readonly intervalMs: number | null;
  /** The value at which a total starts again at zero. */
  readonly rollOver: number | null;
}

/**
 * Samples that follow each other, of which nothing else has to be known: one, or what a roll-up holds of many.
 * Times are milliseconds since the epoch.
 */
export interface Piece {
  readonly firstAt: number;
  readonly firstValue: number;
  readonly lastAt: number;
  readonly lastValue: number;
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  /** Value times milliseconds from its first sample to its last one, by the rule of the series. */
  readonly area: number;
}

export const pieceOf = (at: number, value: number): Piece => ({
  ...{ firstAt: at, firstValue: value, lastAt: at, lastValue: value },
  ...{ count: 1, sum: value, min: value, max: value, area: 0 },
});

/** A longer time than this between two samples is a hole: nothing is known of what lies in it. */
export const longestGapMs = ({ intervalMs }: SeriesRules): number =>
  intervalMs === null ? Infinity : 1.5 * intervalMs;
