import { type LastingBreach, LimitWatch } from '#cycling/program/limit-watch.js';
import type { LimitedQuantity } from '#cycling/program/limits.js';

import type { SafetyLimits } from '../experiment/events.js';
import type { RecordColumns } from '../samples/events.js';

export interface RecordBreach {
  readonly interlock: string;
  readonly message: string;
  /** When it was measured. */
  readonly testTimeS: number;
}

type Watched = Pick<RecordColumns, 'testTimeS' | 'voltageV' | 'currentA' | 'temperatureC'>;

const quantities: Readonly<Record<LimitedQuantity, readonly [name: string, unit: string]>> = {
  voltageV: ['voltage', 'V'],
  currentA: ['current', 'A'],
  powerW: ['power', 'W'],
  temperatureC: ['temperature', 'degC'],
};

/**
 * The second line behind the unit's own limits: sees in the records of one experiment whether a limit was exceeded for
 * longer than it may be, by the test time. The unit says when; a hole in the records ends nothing.
 */
export class RecordWatch {
  private readonly watch;
  /** A limit that nothing is measured for is not kept. */
  private readonly unmeasured: { readonly temperatureC?: number };

  /** Records up to `afterS`, a test time, are passed over; null: none. */
  constructor(
    { persistenceS, temperatureC, ...others }: SafetyLimits,
    private readonly afterS: number | null = null,
  ) {
    this.watch = new LimitWatch({ ...others, ...(temperatureC && { temperatureC }) }, persistenceS);
    this.unmeasured = temperatureC ? { temperatureC: NaN } : {};
  }

  /** What is wrong in these records, which follow the ones before; the first breach. */
  take({ testTimeS, voltageV, currentA, temperatureC }: Watched): RecordBreach | undefined {
    for (const [row, atS] of testTimeS.entries()) {
      if (this.afterS !== null && atS <= this.afterS) continue;
      const warmth = temperatureC?.[row] ?? null;
      const breach = this.watch.take(
        {
          ...{ voltageV: voltageV[row] ?? NaN, currentA: currentA[row] ?? NaN },
          ...(warmth === null ? this.unmeasured : { temperatureC: warmth }),
        },
        atS,
      );
      if (breach) return { ...said(breach), testTimeS: atS };
    }
    return undefined;
  }
}

const said = ({ quantity, bound, limit, value, lastedS }: LastingBreach) => {
  const [interlock, unit] = quantities[quantity];
  const seconds = String(Math.round(lastedS * 1_000) / 1_000);
  if (Number.isNaN(value)) {
    return { interlock, message: `the ${interlock} was not measured for ${seconds} s` };
  }
  const expected = `${bound === 'max' ? 'at most' : 'at least'} ${String(limit)} ${unit}`;
  return {
    interlock,
    message: `the ${interlock} was ${String(value)} ${unit} after ${seconds} s; expected ${expected}`,
  };
};
