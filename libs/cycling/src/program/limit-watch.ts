import { type Breach, breachOf, type Limited, type Limits } from './limits.js';

export interface LastingBreach extends Breach {
  /** For how long limits have been broken, in seconds. */
  readonly lastedS: number;
}

/** Times are sums: what lies within a rounding of the persistence has lasted. */
const roundingS = 1e-6;

/**
 * For how long limits have been broken without a break, whichever they were: the one rule by which a unit switches off
 * and by which the server watches over it. A hole between two values that break them ends nothing.
 */
export class LimitWatch {
  private sinceS: number | undefined;

  /** A limit may be broken for less than `persistenceS` seconds. */
  constructor(
    private readonly limits: Limits,
    private readonly persistenceS: number,
  ) {}

  /** Whether a limit is broken, for long enough or not. */
  get isBreached(): boolean {
    return this.sinceS !== undefined;
  }

  /** The breach at a time, in seconds of any clock, once it has lasted. */
  take(values: Limited, atS: number): LastingBreach | undefined {
    const breach = breachOf(this.limits, values);
    if (!breach) {
      this.sinceS = undefined;
      return undefined;
    }
    this.sinceS ??= atS;
    const lastedS = atS - this.sinceS;
    return lastedS >= this.persistenceS - roundingS ? { ...breach, lastedS } : undefined;
  }
}
