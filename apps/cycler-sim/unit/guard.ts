import { type Breach, breachOf, type Limits } from '#cycling/program/limits.js';

import { quantities, type Quantity, type Reading } from './sensors.js';

/** Why a station switched its output off by itself, for good. */
export type Trip =
  | (Breach & { readonly reason: 'limit' })
  | { readonly reason: 'sensor'; readonly quantity: Quantity; readonly value: number }
  /** Of the device itself, or the server's order. */
  | { readonly reason: 'device' | 'instruction' };

export interface GuardRules {
  readonly limits: Limits;
  /** Seconds for which a limit must be broken. */
  readonly persistenceS: number;
  /** Seconds after which a sensor that says the same is taken for stuck; absent where there is no noise. */
  readonly stuckS?: number;
}

/** Looks at every reading of a step. */
export class Guard {
  /** Since when a limit is broken, without a break. */
  private breachedSinceS: number | undefined;
  /** What each sensor said last, and since when it says the same. */
  private readonly same = new Map<Quantity, { readonly value: number; readonly sinceS: number }>();

  constructor(private readonly rules: GuardRules) {}

  /** Whether a limit is broken, but not for long enough yet. */
  get isBreached(): boolean {
    return this.breachedSinceS !== undefined;
  }

  /** Why the output is to be off from now on, if it is. */
  watch(reading: Reading, nowS: number): Trip | undefined {
    const { limits, persistenceS } = this.rules;
    const breach = breachOf(limits, { ...reading, powerW: reading.voltageV * reading.currentA });
    if (!breach) {
      this.breachedSinceS = undefined;
      return this.stuck(reading, nowS);
    }
    this.breachedSinceS ??= nowS;
    // The times are sums: what lies within a rounding of the limit has lasted.
    const hasLasted = nowS - this.breachedSinceS >= persistenceS - 1e-6;
    return hasLasted ? { reason: 'limit', ...breach } : this.stuck(reading, nowS);
  }

  private stuck(reading: Reading, nowS: number): Trip | undefined {
    const { stuckS = Infinity } = this.rules;
    let trip: Trip | undefined;
    for (const quantity of quantities) {
      const value = reading[quantity];
      const last = this.same.get(quantity);
      if (last?.value !== value) this.same.set(quantity, { value, sinceS: nowS });
      else if (nowS - last.sinceS >= stuckS) trip ??= { reason: 'sensor', quantity, value };
    }
    return trip;
  }
}
