import { LogUnavailable } from '#event-log/event-log.js';
import { isStoreFault } from '#read-store/store-errors.js';

/** What an event fails by, as it is kept and shown: no stack, and not endless. */
export const describeError = (error: unknown): string => {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  // Postgres takes no NUL in text.
  return text.replaceAll('\0', '').slice(0, 2_000);
};

/** What a subscription waits for, for people. */
export const reasonToWait = (error: unknown): string => {
  if (error instanceof LogUnavailable) return error.reason;
  return isStoreFault(error) ? 'the read store does not answer' : describeError(error);
};
