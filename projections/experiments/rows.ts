/** Rows of the tables of `experiments`. Times are ISO 8601, numbers text. */
export interface DocumentRow {
  readonly id: string;
  readonly document: object;
  readonly registered_position: string;
  readonly revision: string;
}

export interface StepRow {
  readonly id: string;
  readonly experiment_id: string;
  readonly step_count: string;
  readonly step_id: string;
  readonly cycle: string;
  readonly started_at: string;
  readonly start_test_time_s: string;
  readonly ended_at: string | null;
  readonly end_test_time_s: string | null;
  readonly cause: string | null;
  readonly charge_ah: string | null;
  readonly discharge_ah: string | null;
}

export interface BatteryRow {
  readonly id: string;
  readonly technology: string;
  readonly chemistry: string;
  readonly product_id: string | null;
}

export interface RejectedRow {
  readonly id: string;
  readonly experiment_id: string;
  readonly place: string;
  readonly file: string;
  readonly line: string;
  readonly fault: string;
  readonly reason: string;
}

/** The rows that a batch touches, by their ids. */
export interface ExperimentsWork {
  readonly experiments: Map<string, DocumentRow>;
  readonly steps: Map<string, StepRow>;
  readonly rejected: Map<string, RejectedRow>;
  readonly alarms: Map<string, DocumentRow>;
  readonly batteries: Map<string, BatteryRow>;
}

export const stepRowId = (experiment: string, stepCount: number): string =>
  `${experiment}/${String(stepCount)}`;
