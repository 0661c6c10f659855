const pollMs = 500;

/**
 * Calls `ended` when the process that started this one is gone. Under `npm start` that is npm: killed,
 * it cannot pass the signal on, and there is no channel that would close. Who starts the program
 * without npm may well leave it running.
 */
export function whenNpmEnds(ended: () => void): void {
  if (process.env['npm_lifecycle_event'] === undefined || process.platform === 'win32') return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    ended();
  }, pollMs);
  timer.unref();
}
