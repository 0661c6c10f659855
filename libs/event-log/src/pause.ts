import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves after `ms`, or when `signal` aborts. */
export const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
};
