/** Rows of the tables of `intake`. Times are ISO 8601; 64-bit numbers are text when they come from a table. */
export interface QuarantinedRow {
  readonly id: string;
  readonly device_id: string;
  readonly way: string;
  readonly topic: string | null;
  readonly state: string;
  readonly problems: readonly { readonly pointer: string; readonly reason: string }[];
  readonly content: string;
  readonly bytes: number | string;
  readonly sha256: string;
  readonly samples: number | string;
  readonly quarantined_at: string;
  readonly failed_replays: number | string;
  readonly settled_at: string | null;
  readonly settled_by: string | null;
  readonly settled_reason: string | null;
  readonly position: string;
  readonly revision: string;
}

export interface OccurrenceRow {
  readonly position: string;
  readonly device_id: string;
  readonly kind: string;
  readonly at: string;
  readonly details: object;
  readonly recorded_at: string;
}

export interface Gap {
  readonly session: string;
  readonly from: number;
  readonly to: number;
  readonly notedAt: string;
  readonly askedAt: string | null;
  readonly recovered: number;
  readonly recoveredAt: string | null;
}

export interface LinkRow {
  readonly id: string;
  readonly session: string | null;
  readonly born_at: string | null;
  readonly properties: object | null;
  readonly state: string | null;
  readonly state_at: string | null;
  readonly last_session: string | null;
  readonly last_seq: number | string | null;
  readonly last_at: string | null;
  readonly missed: number | string;
  readonly recovered: number | string;
  readonly gaps: readonly Gap[];
  readonly first_position: string;
}

export const outcomes = ['accepted', 'duplicates', 'quarantined', 'rejected'] as const;
export type Outcome = (typeof outcomes)[number];

export interface OutcomeRow extends Readonly<Record<Outcome, number | string>> {
  readonly id: string;
  readonly device_id: string;
  readonly way: string;
  readonly minute: string;
  readonly reasons: Readonly<Record<string, number>>;
}

/** The rows that a batch touches, by their ids, and those that it adds. */
export interface IntakeWork {
  readonly quarantined: Map<string, QuarantinedRow>;
  readonly links: Map<string, LinkRow>;
  readonly outcomes: Map<string, OutcomeRow>;
  readonly occurrences: OccurrenceRow[];
}
