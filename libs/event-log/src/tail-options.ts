/** What the tail says of itself; a pino logger fits. */
export interface TailLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface TailOptions {
  readonly logger?: TailLogger;
  readonly maxEvents?: number;
  readonly maxBytes?: number;
  /** How often the head is compared with what was delivered, and how long the two may differ; in milliseconds. */
  readonly probeMs?: number;
  readonly stallMs?: number;
}
