/** What of a row waits for a person. Null: no value. */
export interface ListConflict {
  /** Such as `/elements/EnergyCapacityNominal`, `/certifications/UL1973`, `/qualifications/CEC/notes`. */
  readonly path: string;
  readonly listed: unknown;
  readonly standing: unknown;
  /** Absent: a person’s other value stands. `goesBack`: the list itself has said a later date. */
  readonly cause?: 'goesBack';
}

/** What a row changes, and what of it waits for a person. */
export interface Weighed<E> {
  readonly events: readonly E[];
  readonly conflicts: readonly ListConflict[];
}
