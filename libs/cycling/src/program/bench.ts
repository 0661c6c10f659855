import type { Limits } from './limits.js';
import type { Capacities } from './resolve.js';

/** What a device at a station can do. */
export type BenchDeviceType =
  'source' | 'bidirectionalSource' | 'load' | 'meter' | 'cycler' | 'bms' | 'flowMeter';

export interface BenchDevice {
  readonly name: string;
  readonly type: BenchDeviceType;
  /** What it can set, bear or measure; positive charges, so that the currents of a load are negative. */
  readonly limits: Limits | null;
}

/** What a program is to run on: a battery at a station. */
export interface Bench {
  readonly battery: Capacities & { readonly limits: Limits };
  readonly devices: readonly BenchDevice[];
  readonly measuresTemperature: boolean;
}
