/**
 * One record of a test of a cell, as a cycler takes it. Positive current charges. Times that a test counts
 * itself never go back; clocks may.
 */
export interface CyclerRecord {
  /** Seconds since the test began, by the cycler's own clock. */
  readonly testTimeS: number;
  /** Milliseconds since 1970, UTC, where they are known. */
  readonly utcMs?: number;
  readonly voltageV: number;
  readonly currentA: number;
  /** Number of the executed step: it never returns to a smaller one. */
  readonly stepCount: number;
  /** Step of the program: it returns in each cycle. */
  readonly stepId: number;
  readonly cycle: number;
  /** Seconds since the step began, where the cycler counts them: its first record may come later. */
  readonly stepTimeS?: number;
  readonly temperatureC?: number;
  /** What the cycler's own counter of charge shows, in Ah: it may start again at any time, or never. */
  readonly chargeAh?: number;
  /** As `chargeAh`, of what was discharged: it counts upwards. */
  readonly dischargeAh?: number;
}
