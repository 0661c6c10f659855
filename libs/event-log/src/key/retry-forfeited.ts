import { setTimeout as sleep } from 'node:timers/promises';

import { Refusal } from '#kernel/refusal.js';

/** How often a command claims its keys before it is answered as a conflict. */
const maxAttempts = 7;

/**
 * Claims and decides again where a claim was taken over in between, or keys kept changing hands
 * among callers that want the same ones; see `claimKey`. Each waits longer than before and by chance,
 * so that one of them gets through.
 */
export const retryForfeited = async <T>(run: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      if (!isContention(error) || attempt === maxAttempts) throw error;
      await sleep(Math.random() * 10 * 2 ** attempt);
    }
  }
};

/** Refused only because others changed the same at the same time. */
export const isContention = (error: unknown): boolean =>
  error instanceof Refusal && ['KEY_FORFEITED', 'CONCURRENT_CHANGE'].includes(error.code);

/** Whether the same command may be accepted later: refused by a store that is away, slow or full, or by contention. */
export const mayPass = (error: unknown): boolean =>
  error instanceof Refusal && (error.kind === 'unavailable' || isContention(error));
