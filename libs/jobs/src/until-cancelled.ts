import { pause } from '#event-log/pause.js';

/** How often it is polled: whoever cancels a job waits no longer for its end. */
const pollMs = 200;

/**
 * Runs `work` to its end, or until `isCancelled` says that somebody cancelled it: then `halt` aborts, and the answer is
 * `cancelled` where the work broke off for it. Whether it is cancelled is found out later while that cannot be told.
 * Rejects with what `work` threw otherwise.
 */
export const untilCancelled = async (
  isCancelled: () => Promise<boolean>,
  signal: AbortSignal,
  work: (halt: AbortSignal) => Promise<void>,
): Promise<'ended' | 'cancelled'> => {
  const [over, cancelled] = [new AbortController(), new AbortController()];
  void poll(isCancelled, over.signal, cancelled);
  try {
    await work(AbortSignal.any([signal, cancelled.signal]));
    return 'ended';
  } catch (error) {
    if (signal.aborted || !cancelled.signal.aborted) throw error;
    return 'cancelled';
  } finally {
    over.abort();
  }
};

const poll = async (
  isCancelled: () => Promise<boolean>,
  over: AbortSignal,
  cancelled: AbortController,
): Promise<void> => {
  while (!over.aborted && !cancelled.signal.aborted) {
    if (await isCancelled().catch(() => false)) cancelled.abort(new Error('it was cancelled'));
    await pause(pollMs, over);
  }
};
