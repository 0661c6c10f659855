/** Rows of the tables of `station-board`. Numbers of columns are text. */
interface Row {
  readonly id: string;
  readonly position: string;
}

export interface StationRow extends Row {
  readonly document: object;
}

export interface UnitRow extends Row {
  readonly name: string;
}

export interface LinkRow extends Row {
  readonly is_online: boolean;
}

export interface QueueRow extends Row {
  readonly waiting: readonly string[];
  readonly running: string | null;
}

export interface ExperimentRow extends Row {
  readonly document: object;
  readonly steps: readonly object[];
  readonly step_from_s: string | null;
}

/** Columns of the record are as those of `CyclerSamplesRecorded`, with one value each. */
export interface LatestRecord {
  /** By the clock of the unit, ISO 8601 UTC. */
  readonly at: string;
  readonly testTimeS: number;
  readonly voltageV: number;
  readonly currentA: number;
  readonly temperatureC: number | null;
  readonly channels: Readonly<Record<string, number | null>>;
}

export interface LatestRow extends Row {
  readonly record: LatestRecord;
}

export interface AlarmRow extends Row {
  readonly station_id: string;
  readonly document: object;
  readonly is_open: boolean;
}

/** The rows that a batch touches, by their ids. */
export interface BoardWork {
  readonly stations: Map<string, StationRow>;
  readonly units: Map<string, UnitRow>;
  readonly links: Map<string, LinkRow>;
  readonly queues: Map<string, QueueRow>;
  readonly experiments: Map<string, ExperimentRow>;
  readonly latest: Map<string, LatestRow>;
  readonly alarms: Map<string, AlarmRow>;
}
