import type { CyclerRecord } from '../record.js';
import { flowBetween } from './flow.js';

/** One bin of a differential capacity. */
export interface DifferentialBin {
  /** V: the middle of the bin. */
  readonly voltageV: number;
  /** Ah that flowed while the voltage was in the bin. */
  readonly chargeAh: number;
  /** Ah/V: dQ/dV. */
  readonly ahPerV: number;
}

export interface DifferentialCapacity {
  readonly direction: 'charge' | 'discharge';
  readonly binV: number;
  /** How the curve was smoothed, as a sentence. */
  readonly smoothing: string;
  readonly bins: readonly DifferentialBin[];
}

/** V. */
export const leastBinV = 0.0001;
const mostBins = 100_000;

/**
 * dQ/dV of one direction over the records that are added in their order, such as those of a step or of a cycle. It is smoothed by
 * nothing but fixed bins of voltage: what flows between two records of a step is spread evenly over the voltages
 * between them, and each bin says its charge by its width.
 */
export class DifferentialBins {
  private readonly sums = new Map<number, number>();
  private last: CyclerRecord | undefined;

  /** `binV`: volts, such as 0.005, and at least 0.0001. */
  constructor(
    private readonly direction: 'charge' | 'discharge',
    private readonly binV: number,
  ) {
    if (binV >= leastBinV) return;
    throw new RangeError(`expected bins of ${String(leastBinV)} V at least, found ${String(binV)}`);
  }

  add(record: CyclerRecord): void {
    const { last, binV } = this;
    this.last = record;
    if (last?.stepCount !== record.stepCount) return;
    const flow = flowBetween(last, record);
    const ah = (this.direction === 'charge' ? flow.chargeAs : flow.dischargeAs) / 3600;
    if (ah > 0) spread(this.sums, ah, last.voltageV / binV, record.voltageV / binV);
  }

  get size(): number {
    return this.sums.size;
  }

  get result(): DifferentialCapacity {
    const { sums, direction, binV } = this;
    const bins = [...sums].sort(([a], [b]) => a - b);
    return {
      direction,
      binV,
      smoothing: `charge by fixed bins of ${String(binV)} V, without further smoothing`,
      bins: bins.map(([bin, chargeAh]) => ({
        voltageV: (bin + 0.5) * binV,
        chargeAh,
        ahPerV: chargeAh / binV,
      })),
    };
  }
}

/** Spreads a charge evenly from one voltage to another, both counted in bins. */
const spread = (sums: Map<number, number>, ah: number, a: number, b: number): void => {
  const [low, high] = [Math.min(a, b), Math.max(a, b)];
  // Nothing that a cell does between two records: it would fill the memory with bins.
  if (high - low > mostBins) return;
  for (let bin = Math.floor(low); bin <= Math.floor(high); bin += 1) {
    const within = Math.min(high, bin + 1) - Math.max(low, bin);
    const share = high > low ? within / (high - low) : 1;
    if (share > 0) sums.set(bin, (sums.get(bin) ?? 0) + ah * share);
  }
};
