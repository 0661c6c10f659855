import { Refusal } from './refusal.js';

/** What grows is refused for want of room; reads go on, and the same request succeeds later. */
export const diskFull = (what: string, cause?: unknown): Refusal =>
  new Refusal(
    'DISK_FULL',
    'unavailable',
    `disk full: ${what} until there is room again`,
    { retryAfterSeconds: 5 },
    { cause },
  );
