const beatMs = 1_000;

/** Resolves when `signal` aborts. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else {
      signal.addEventListener(
        'abort',
        () => {
          resolve();
        },
        { once: true },
      );
    }
  });

/**
 * Keeps the membership alive while `work` takes its time. Its signal aborts with `ending`, and when a
 * heartbeat fails, such as in a rebalance; the failure is rethrown when the work has ended.
 */
export const withHeartbeats = async (
  heartbeat: () => Promise<void>,
  ending: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> => {
  // Not AbortSignal.any: where the one lives long, each of many others leaves something behind in it.
  const lost = new AbortController();
  const end = (): void => {
    lost.abort();
  };
  let failure: unknown;
  const timer = setInterval(() => {
    heartbeat().catch((error: unknown) => {
      failure ??= error;
      lost.abort();
    });
  }, beatMs);
  ending.addEventListener('abort', end, { once: true });
  if (ending.aborted) end();
  try {
    await work(lost.signal);
  } finally {
    clearInterval(timer);
    ending.removeEventListener('abort', end);
  }
  if (failure !== undefined) throw failure as Error;
};
