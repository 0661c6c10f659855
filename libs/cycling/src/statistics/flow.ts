import type { CyclerRecord } from '../record.js';

/** What flowed between two records: ampere-seconds and watt-seconds, each positive in its own direction. */
export interface Flow {
  readonly chargeAs: number;
  readonly dischargeAs: number;
  readonly chargeWs: number;
  readonly dischargeWs: number;
}

type Point = Pick<CyclerRecord, 'testTimeS' | 'currentA' | 'voltageV'>;

/**
 * The trapezoids under current and power from one record to the next. Each counts as a whole by its own sign: where the
 * current changes its sign in between, nobody knows when it did, and the net is the same under every rule.
 */
export const flowBetween = (a: Point, b: Point): Flow => {
  const seconds = b.testTimeS - a.testTimeS;
  const charge = ((a.currentA + b.currentA) / 2) * seconds;
  const energy = ((a.currentA * a.voltageV + b.currentA * b.voltageV) / 2) * seconds;
  return {
    chargeAs: Math.max(charge, 0),
    dischargeAs: Math.max(-charge, 0),
    chargeWs: Math.max(energy, 0),
    dischargeWs: Math.max(-energy, 0),
  };
};
