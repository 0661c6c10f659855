import type { Difference } from './differences/difference.js';
import { limitDifferences } from './differences/limits.js';
import { liveDifferences } from './differences/live.js';
import { patternDifferences } from './differences/patterns.js';
import { requestDifferences } from './differences/requests.js';
import { type Target, target } from './target.js';

/**
 * All that the embedded node answers otherwise than EventStoreDB, and is meant to: the one place that
 * says so. It is itself a test, other tests take what they expect from it, and the table in the docs
 * is made of it.
 */
export const differences: readonly Difference[] = [
  ...requestDifferences,
  ...patternDifferences,
  ...liveDifferences,
  ...limitDifferences,
];

/** The entries that are tried on a target. */
export const triedOn = (which: Target): readonly Difference[] =>
  differences.filter(({ onlyNode }) => which === 'node' || onlyNode !== true);

/** What the store under test is expected to answer in a situation of the table. */
export const expectedOf = (key: string): string => {
  const found = differences.find((difference) => difference.key === key);
  if (found === undefined) throw new Error(`the table of differences has no entry "${key}"`);
  return found[target];
};
