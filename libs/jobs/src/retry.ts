import { setTimeout as sleep } from 'node:timers/promises';

import { UnknownEventType } from '#event-log/codec.js';
import { LogUnavailable, OutcomeUnknown, WrongExpectedRevision } from '#event-log/event-log.js';
import { mayPass } from '#event-log/key/retry-forfeited.js';
import { Refusal } from '#kernel/refusal.js';
import { isStoreFault } from '#read-store/store-errors.js';

/** Whether an error passes by itself: a store is away, or another writer was first. */
export const isTransient = (error: unknown): boolean => {
  if (error instanceof Refusal) return mayPass(error);
  return (
    error instanceof LogUnavailable ||
    error instanceof OutcomeUnknown ||
    error instanceof WrongExpectedRevision ||
    isStoreFault(error)
  );
};

/**
 * Whether a job is for a process of a later version: a stream that it needs holds an event of a type that this one does
 * not know. Whoever holds its lease gives it back, and neither ends it nor rejects anything of it.
 */
export const isForLaterVersion = (error: unknown): boolean => error instanceof UnknownEventType;

const firstDelayMs = 100;
const longestDelayMs = 5_000;

/**
 * Repeats `work` with back-off for as long as it fails with a transient error. Commands carry their ids,
 * so that a repeated one is the same one. Rejects with any other error, with what is for a later version, or when `signal`
 * aborts.
 */
export const retryTransient = async <T>(
  work: () => Promise<T>,
  signal: AbortSignal,
  onRetry: (error: unknown, attempt: number) => void = () => undefined,
): Promise<T> => {
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (isForLaterVersion(error) || !isTransient(error)) throw error;
      onRetry(error, attempt);
      const delayMs = Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(attempt - 1, 10));
      await sleep(delayMs * (0.5 + Math.random() / 2), undefined, { signal });
    }
  }
};
