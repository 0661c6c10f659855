import type { Limits } from '#cycling/program/limits.js';
import type { StationState } from '#cycling/protocol/messages.js';

import type { BenchSettings, BenchState } from './bench.js';
import type { ExecutionState } from './execution.js';
import type { Row } from './recorder.js';
import type { Named } from './test-log.js';

export interface StationSettings extends BenchSettings {
  /** Longest step of simulated time, s. */
  readonly stepS: number;
  /** After which a reading that does not change is that of a stuck sensor, s. */
  readonly stuckS: number;
  /** Names of measures beside voltage, current and temperature. */
  readonly channels: readonly string[];
}

/** The experiment whose limits a station has confirmed. */
export interface Test extends Named {
  readonly limits: Limits;
  readonly persistenceS: number;
  /** By the counter of the unit, when it was started. */
  readonly startedS: number;
}

/** Plain data: all of a station that a loss of power must not take. */
export interface SavedStation {
  readonly state: StationState;
  readonly test?: Test;
  readonly execution?: ExecutionState;
  readonly row?: Row;
  readonly bench: BenchState;
  readonly nowS: number;
  readonly clockErrorS: number;
}
