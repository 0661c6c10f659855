import { setTimeout as sleep } from 'node:timers/promises';

const lookMs = 250;
const patienceMs = 30_000;

/** What is seen when `isEnough` says so, or when nobody wants to wait any longer. */
export async function lookUntil<T>(
  look: () => Promise<T>,
  isEnough: (seen: T, waitedMs: number) => boolean,
): Promise<T> {
  const startedAt = performance.now();
  for (;;) {
    const seen = await look();
    const waitedMs = performance.now() - startedAt;
    if (isEnough(seen, waitedMs) || waitedMs > patienceMs) return seen;
    await sleep(lookMs);
  }
}
