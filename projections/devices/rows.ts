/** Rows of the tables of `devices`. Times are ISO 8601, 64-bit numbers text. */
export interface SiteRow {
  readonly id: string;
  readonly name: string;
  readonly time_zone: string;
  readonly description: string;
  readonly registered_at: string;
  readonly registered_position: string;
  readonly retired_at: string | null;
  readonly revision: string;
}

export interface DeviceRow {
  readonly id: string;
  readonly type: string;
  readonly serial_number: string | null;
  readonly product_id: string | null;
  readonly site_id: string | null;
  readonly name: string | null;
  readonly attached_at: string | null;
  readonly attachments: string;
  readonly registered_at: string;
  readonly registered_position: string;
  readonly retired_at: string | null;
  readonly revision: string;
}

export interface AttachmentRow {
  readonly id: string;
  readonly device_id: string;
  readonly site_id: string;
  readonly name: string;
  readonly attached_at: string;
  readonly detached_at: string | null;
}

export interface CredentialRow {
  readonly id: string;
  readonly device_id: string;
  readonly verifier: string;
  readonly issued_at: string;
  readonly issued_by: string;
  readonly issued_position: string;
  readonly revoked_at: string | null;
  readonly revoked_by: string | null;
}

export interface ConfigurationRow {
  readonly id: string;
  readonly desired_version: string | null;
  readonly desired: object | null;
  readonly desired_hash: string | null;
  readonly desired_at: string | null;
  readonly reported_version: string | null;
  readonly reported: object | null;
  readonly reported_hash: string | null;
  readonly reported_at: string | null;
  readonly refused_version: string | null;
  readonly refused_reason: string | null;
  readonly refused_at: string | null;
  readonly first_position: string;
  readonly revision: string;
}

export interface SeriesRow {
  readonly id: string;
  readonly device_id: string;
  readonly series: string;
  readonly value_type: string;
  readonly unit: string | null;
  readonly declared: boolean;
  readonly kind: string | null;
  readonly interpolation: string | null;
  readonly interval_ms: number | string | null;
  readonly roll_over: number | string | null;
  readonly low: number | string | null;
  readonly high: number | string | null;
  readonly retention_days: number | string | null;
  readonly known_at: string;
}

/** The rows that a batch touches, by their ids. */
export interface DevicesWork {
  readonly sites: Map<string, SiteRow>;
  readonly devices: Map<string, DeviceRow>;
  readonly attachments: Map<string, AttachmentRow>;
  readonly credentials: Map<string, CredentialRow>;
  readonly configurations: Map<string, ConfigurationRow>;
  readonly device_series: Map<string, SeriesRow>;
}
