import type { Position } from './event-log.js';

/** Order of the log: by commit, then prepare. */
export const comparePositions = (a: Position, b: Position): number => {
  if (a.commit !== b.commit) return a.commit < b.commit ? -1 : 1;
  if (a.prepare !== b.prepare) return a.prepare < b.prepare ? -1 : 1;
  return 0;
};

export const isAfter = (a: Position, b: Position | undefined): boolean =>
  b === undefined || comparePositions(a, b) > 0;

/** How a position is shown over HTTP: the commit position as a decimal string. */
export const formatPosition = (position: Position): string => position.commit.toString();

/** The largest position that `formatPosition` shows as `text`: everything at that commit is at or before it. */
export const parsePosition = (text: string): Position => ({
  commit: BigInt(text),
  prepare: BigInt(text),
});
