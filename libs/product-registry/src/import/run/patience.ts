import { setTimeout as sleep } from 'node:timers/promises';

import { LogUnavailable, OutcomeUnknown, WrongExpectedRevision } from '#event-log/event-log.js';
import { Refusal } from '#kernel/refusal.js';
import { isStoreFault } from '#read-store/store-errors.js';

/** What passes by itself: a store that is away, and another writer that was first. */
export const isPassing = (error: unknown): boolean => {
  if (error instanceof Refusal) return error.kind === 'unavailable' || isLostRace(error);
  return (
    error instanceof LogUnavailable ||
    error instanceof OutcomeUnknown ||
    error instanceof WrongExpectedRevision ||
    isStoreFault(error)
  );
};

const isLostRace = ({ code }: Refusal): boolean =>
  code === 'CONCURRENT_CHANGE' || code === 'KEY_FORFEITED';

const firstPauseMs = 100;
const longestPauseMs = 5_000;

export interface PatienceOptions {
  readonly signal: AbortSignal;
  /** Told when the waiting begins to last. */
  readonly onWait?: (error: unknown, attempt: number) => void;
}

/**
 * Repeats `work` for as long as it fails for a passing reason, with growing pauses. Commands carry
 * their ids, so that a repeated one is the same one. Rejects with any other error, or when aborted.
 */
export const patiently = async <T>(
  work: () => Promise<T>,
  { signal, onWait }: PatienceOptions,
): Promise<T> => {
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error)) throw error;
      onWait?.(error, attempt);
      const pause = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(attempt - 1, 10));
      await sleep(pause * (0.5 + Math.random() / 2), undefined, { signal });
    }
  }
};
