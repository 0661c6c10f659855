import type { StatisticsOptions } from './options.js';

/**
 * Whether records are missing between two that follow one another. Nothing is integrated over a hole.
 *
 * Where the longest interval at which records are taken is known (`longestIntervalS`), every longer one is a hole.
 * Otherwise a hole is told by what is usual: between two steps, an interval of more than two minutes that is more
 * than three times the longest of the step that ended; within a step, where cyclers record ever more rarely while
 * nothing happens, one of more than five minutes that is more than twenty times the longest of the step before it. A
 * step without intervals is judged by the longest of the test.
 */
export const isHole = (
  intervalS: number,
  { inStep, longestOfStepS, longestOfTestS }: Usual,
  { longestIntervalS }: StatisticsOptions,
): boolean => {
  if (longestIntervalS !== undefined) return intervalS > longestIntervalS;
  const usual = longestOfStepS > 0 ? longestOfStepS : longestOfTestS;
  if (usual === 0) return false;
  return inStep ? intervalS > Math.max(300, 20 * usual) : intervalS > Math.max(120, 3 * usual);
};

interface Usual {
  /** Whether both records belong to one step. */
  readonly inStep: boolean;
  readonly longestOfStepS: number;
  readonly longestOfTestS: number;
}
