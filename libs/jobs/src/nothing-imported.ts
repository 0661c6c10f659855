import { Refusal } from '#kernel/refusal.js';
import { isStoreFault } from '#read-store/store-errors.js';

/** Throws for an import that could not be listed: `READ_STORE_UNAVAILABLE` for a fault of the store, else the error itself. */
export const nothingImported = (error: unknown): never => {
  if (!isStoreFault(error)) throw error;
  throw new Refusal(
    'READ_STORE_UNAVAILABLE',
    'unavailable',
    'the database does not answer; nothing was imported',
    { retryAfterSeconds: 2 },
    { cause: error },
  );
};
