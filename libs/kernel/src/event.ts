/** A business fact. `type` is the stored literal: renaming it is a change of the storage format. */
export interface DomainEvent<T extends string = string, D extends object = object> {
  readonly type: T;
  readonly data: D;
}

export const roles = [
  'viewer',
  'curator',
  'engineer',
  'operator',
  'auditor',
  'admin',
  'device',
  'service',
] as const;
export type Role = (typeof roles)[number];

/** Who acted. `id` is an opaque principal id: names and addresses never enter event metadata. */
export interface Actor {
  readonly id: string;
  readonly kind: 'apiKey' | 'user' | 'device' | 'system';
  readonly roles: readonly Role[];
}

export type Source = 'http' | 'mqtt' | 'import' | 'process' | 'cli';

/** Where a value was read: the file by its hash and the 1-based data row in it. */
export interface Evidence {
  readonly sha256: string;
  readonly file?: string;
  /** Of a workbook. */
  readonly sheet?: string;
  readonly row?: number;
  /** Cells of a workbook as they are displayed and stored, where what was read does not say both, by their columns. */
  readonly cells?: Readonly<
    Record<string, { readonly displayed: string; readonly stored: string }>
  >;
}

/**
 * Stored with every event. Times are ISO 8601 UTC: `occurredAt` is the device's or the caller's,
 * `recordedAt` is ours.
 */
export interface EventMetadata {
  readonly $correlationId: string;
  readonly $causationId: string;
  readonly commandId: string;
  /** SHA-256 of the command's content: tells a repeated command from a reused key. */
  readonly commandHash: string;
  readonly actor: Actor;
  readonly source: Source;
  readonly occurredAt: string;
  readonly recordedAt: string;
  readonly traceparent?: string;
  readonly reason?: string;
  readonly evidence?: Evidence;
}
