import { setTimeout as sleep } from 'node:timers/promises';

import { Refusal } from '#kernel/refusal.js';

import {
  Verification,
  type VerifyParts,
  type VerifyProgress,
  type VerifyResult,
} from './verify-topics.js';

export type VerifyLine = { readonly progress: VerifyProgress } | { readonly result: VerifyResult };

const limitMs = 30 * 60 * 1_000;
const progressMs = 1_000;

/**
 * Verifies, and tells how far it is every second; the last line is the result. Begins with what is
 * quick to fail. Ends early when the reader goes away. Throws as `Verification` does, and a `Refusal`
 * (`VERIFY_TOO_LONG`) after half an hour.
 */
export async function* verifyLines(parts: VerifyParts): AsyncGenerator<VerifyLine> {
  const stop = new AbortController();
  const limit = setTimeout(() => {
    stop.abort(tooLong());
  }, limitMs);
  const verification = new Verification(parts, stop.signal);
  let work: Promise<VerifyResult> | undefined;
  try {
    await verification.prepare();
    work = verification.run();
    // It may fail while nobody reads: whoever asks for the next line hears of it.
    work.catch(() => undefined);
    for (;;) {
      yield { progress: verification.progress };
      const result = await Promise.race([work, sleep(progressMs)]);
      if (!result) continue;
      yield { result };
      return;
    }
  } finally {
    clearTimeout(limit);
    stop.abort(new Error('nobody waits for the result'));
    await work?.catch(() => undefined);
  }
}

const tooLong = () =>
  new Refusal(
    'VERIFY_TOO_LONG',
    'unavailable',
    `the topics could not be compared with the log in ${String(limitMs / 60_000)} minutes`,
  );
