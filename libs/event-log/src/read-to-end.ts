import { LogUnavailable } from './event-log.js';
import type { ReadCall } from './read-call.js';
import type { Answer } from './wire-event.js';

/** How long a read may stand still before its connection is given up as dead. */
const readIdleMs = 10_000;

/**
 * What a read answers, to its end. A read has no deadline and leaves its call open when it is not read to
 * the end: here it is cancelled.
 *
 * `giveUp` is called when the server has sent nothing for ten seconds.
 */
export async function* readToEnd(
  read: ReadCall,
  giveUp: () => void,
): AsyncGenerator<Answer, void, undefined> {
  let ended = false;
  let reading = true;
  const idle = setTimeout(() => {
    // It is the reader who takes his time.
    if (!reading) return;
    giveUp();
    read.breakOff(new LogUnavailable(`a read stood still for ${String(readIdleMs)} ms`));
  }, readIdleMs);
  try {
    for await (const item of read.entries()) {
      reading = false;
      yield item;
      reading = true;
      idle.refresh();
    }
    ended = true;
  } finally {
    clearTimeout(idle);
    if (!ended) read.cancel();
  }
}
