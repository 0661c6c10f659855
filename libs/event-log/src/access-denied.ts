import { Refusal } from '#kernel/refusal.js';

/** What a caller is told while the event store denies access to this process: no request of his can change that. */
export const accessDenied = (cause: unknown): Refusal =>
  new Refusal(
    'STORE_ACCESS_DENIED',
    'unavailable',
    'the event store denies access to this server; its operator has to give it the rights',
    { retryAfterSeconds: 30 },
    { cause },
  );
