import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves after `ms`, or when one of `signals` aborts. */
export const pause = async (ms: number, ...signals: readonly AbortSignal[]): Promise<void> => {
  // Not AbortSignal.any: where one of them lives long, each of many others leaves something behind in it.
  const over = new AbortController();
  const end = (): void => {
    over.abort();
  };
  for (const signal of signals) {
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
  }
  await sleep(ms, undefined, { signal: over.signal }).catch(() => undefined);
  for (const signal of signals) signal.removeEventListener('abort', end);
};

/**
 * What `work` resolves to; undefined where that takes longer than `ms`, or `signal` aborts before. The work goes
 * on then, and its end is the caller's. Rejects with what it rejects with until then.
 */
export const within = async <T>(
  ms: number,
  work: Promise<T>,
  ...signals: readonly AbortSignal[]
): Promise<T | undefined> => {
  const done = new AbortController();
  try {
    return await Promise.race([work, pause(ms, done.signal, ...signals).then(() => undefined)]);
  } finally {
    done.abort();
  }
};

const gridMs = 500;

/**
 * What a wait of at least a second is prolonged to, so that all of a process end in the same moment, half
 * a second later at most: a process at rest is woken once for many who wait, and not once for each.
 */
export const togetherMs = (ms: number, now = performance.now()): number =>
  ms < 2 * gridMs ? ms : ms + gridMs - ((now + ms) % gridMs);
