import { setTimeout as sleep } from 'node:timers/promises';

/** A machine that others keep busy takes many times as long as an idle one. */
const patienceMs = 90_000;

/** Waits until `holds` does; fails with `what` it waited for when that never happens. */
export const until = async (
  what: string | (() => string),
  holds: () => Promise<boolean> | boolean,
  timeoutMs = patienceMs,
): Promise<void> => {
  const end = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > end) {
      throw new Error(`timed out: ${typeof what === 'string' ? what : what()}`);
    }
    await sleep(20);
  }
};

/** Asks until the assertions of `check` hold; fails with theirs when they never do. */
export const eventually = async <T>(
  check: () => Promise<T>,
  timeoutMs = patienceMs,
): Promise<T> => {
  const end = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > end) throw error;
      await sleep(20);
    }
  }
};
