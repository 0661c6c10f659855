/**
 * What begins a cycle:
 * - `recorded`: the cycle that the records carry changes to a larger one;
 * - `charge-first`: a charge after a discharge; `discharge-first`: a discharge after a charge;
 * - `as-begun`: one of the two, after what flowed first in the test.
 */
export const cycleDefinitions = [
  'recorded',
  'charge-first',
  'discharge-first',
  'as-begun',
] as const;
export type CycleDefinition = (typeof cycleDefinitions)[number];

export interface StatisticsOptions {
  /** `recorded` unless set. */
  readonly cycle?: CycleDefinition;
  /**
   * What the capacity of the test belongs to: a full cell or the cathode of a half-cell, whose efficiency is discharge
   * by charge, or the anode of a half-cell, whose efficiency is charge by discharge. `cathode` unless set.
   */
  readonly electrode?: 'cathode' | 'anode';
  /** Ah, for equivalent full cycles. */
  readonly nominalCapacityAh?: number;
  /** The cycle that capacities are compared with; the first one that is whole, unless set. */
  readonly referenceCycle?: number;
  /**
   * Seconds: a longer interval between two records is a hole. Unless set, holes are told by what is usual in the
   * test (see `holes.ts`).
   */
  readonly longestIntervalS?: number;
  /** A: a step with no more current than this is a rest. A thousandth of the largest current so far, unless set. */
  readonly restCurrentA?: number;
  /** Seconds after a current step at which its resistance is read; 10 unless set. */
  readonly resistanceDelayS?: number;
}

/** A charge or discharge counts for the cycles where it is at least this share of the largest so far. */
export const leastShare = 0.01;
/** A cycle at an end of the test is partial where the smaller of charge and discharge is less than this of the other. */
export const wholeShare = 0.8;
