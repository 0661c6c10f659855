import { setTimeout as sleep } from 'node:timers/promises';

/** A machine that others keep busy takes many times as long as an idle one. */
const patienceMs = 90_000;

/** Each look costs processor time that others wait for: after a second or two, a tenth of one is soon enough. */
const pauseFrom = (start: number): Promise<void> =>
  sleep(Math.min(100, 20 + (performance.now() - start) / 20));

/** Waits until `holds` does; fails with `what` it waited for when that never happens. */
export const until = async (
  what: string | (() => string),
  holds: () => Promise<boolean> | boolean,
  timeoutMs = patienceMs,
): Promise<void> => {
  const start = performance.now();
  while (!(await holds())) {
    if (performance.now() > start + timeoutMs) {
      throw new Error(`timed out: ${typeof what === 'string' ? what : what()}`);
    }
    await pauseFrom(start);
  }
};

/** Asks until the assertions of `check` hold; fails with theirs when they never do. */
export const eventually = async <T>(
  check: () => Promise<T>,
  timeoutMs = patienceMs,
): Promise<T> => {
  const start = performance.now();
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > start + timeoutMs) throw error;
      await pauseFrom(start);
    }
  }
};
