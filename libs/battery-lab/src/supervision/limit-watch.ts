import type { SafetyLimits } from '../experiment/events.js';
import type { RecordColumns } from '../samples/events.js';

export interface Breach {
  readonly interlock: 'voltage' | 'current' | 'temperature';
  readonly message: string;
}

type Watched = Pick<RecordColumns, 'testTimeS' | 'voltageV' | 'currentA' | 'temperatureC'>;

const quantities = [
  { interlock: 'voltage', column: 'voltageV', unit: 'V' },
  { interlock: 'current', column: 'currentA', unit: 'A' },
  { interlock: 'temperature', column: 'temperatureC', unit: 'degC' },
] as const;

/**
 * The second line behind the unit's own limits: sees in the records of one experiment whether a limit was exceeded for
 * longer than it may be, by the test time. The unit says when; a hole in the records ends nothing.
 */
export class LimitWatch {
  /** Since when each quantity is out of its limits, in seconds of the test. */
  private readonly since = new Map<Breach['interlock'], number>();

  constructor(private readonly limits: SafetyLimits) {}

  /** What is wrong in these records, which follow the ones before; the first breach. */
  take(records: Watched): Breach | undefined {
    for (const [row, testTimeS] of records.testTimeS.entries()) {
      for (const { interlock, column, unit } of quantities) {
        const value = records[column]?.[row] ?? null;
        const range = this.limits[column];
        if (value === null || range === null || (value >= range.min && value <= range.max)) {
          this.since.delete(interlock);
          continue;
        }
        const since = this.since.get(interlock) ?? testTimeS;
        this.since.set(interlock, since);
        if (testTimeS - since < this.limits.persistenceS) continue;
        const seconds = String(Math.round((testTimeS - since) * 1_000) / 1_000);
        const limit =
          value > range.max ? `at most ${String(range.max)}` : `at least ${String(range.min)}`;
        const message = `the ${interlock} was ${String(value)} ${unit} after ${seconds} s; expected ${limit} ${unit}`;
        return { interlock, message };
      }
    }
    return undefined;
  }
}
