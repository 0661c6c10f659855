import { LimitWatch } from '#cycling/program/limit-watch.js';
import type { Breach, Limits } from '#cycling/program/limits.js';

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
  private readonly limits;
  /** What each sensor said last, and since when it says the same. */
  private readonly same = new Map<Quantity, { readonly value: number; readonly sinceS: number }>();

  constructor(private readonly rules: GuardRules) {
    this.limits = new LimitWatch(rules.limits, rules.persistenceS);
  }

  /** Whether a limit is broken, but not for long enough yet. */
  get isBreached(): boolean {
    return this.limits.isBreached;
  }

  /** Why the output is to be off from now on, if it is. */
  watch(reading: Reading, nowS: number): Trip | undefined {
    const powerW = reading.voltageV * reading.currentA;
    const found = this.limits.take({ ...reading, powerW }, nowS);
    if (!found) return this.stuck(reading, nowS);
    const { lastedS: _, ...breach } = found;
    return { reason: 'limit', ...breach };
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
