import { LogUnavailable, OutcomeUnknown } from './event-log.js';

export interface Repetition {
  /** How long an attempt may stay silent before another one is sent beside it. */
  readonly attemptMs: number;
  /** How long all attempts may take together. */
  readonly boundMs: number;
  /** Called before attempt `number` (the first repetition is 1); false ends the repetitions. */
  readonly beforeRepeat: (number: number) => boolean;
}

/**
 * Sends one append, and again as long as its outcome is unknown. A silent attempt stays open beside
 * those that follow it: the first definite answer to any of them is the answer. `attempt` receives the
 * milliseconds that are left and must be safe to repeat.
 *
 * Rejects with what an attempt was refused with, or with `OutcomeUnknown` after `boundMs`.
 */
export const untilAnswered = <T>(
  attempt: (leftMs: number) => Promise<T>,
  { attemptMs, boundMs, beforeRepeat }: Repetition,
): Promise<T> =>
  new Promise((resolve, reject) => {
    const until = performance.now() + boundMs;
    let sent = 0;
    let next: NodeJS.Timeout | undefined;
    // Made when it is needed: an error takes its stack, and hardly any append ends in one.
    let unknown: OutcomeUnknown | undefined;
    const noAnswer = () => unknown ?? new OutcomeUnknown(`no answer within ${String(boundMs)} ms`);
    let answered = false;
    const bound = setTimeout(() => {
      finish(() => {
        reject(noAnswer());
      });
    }, boundMs);
    const finish = (answer: () => void): void => {
      answered = true;
      clearTimeout(next);
      clearTimeout(bound);
      answer();
    };
    const repeatAfter = (ms: number): void => {
      clearTimeout(next);
      next = setTimeout(() => {
        if (beforeRepeat(sent)) send();
        else
          finish(() => {
            reject(noAnswer());
          });
      }, ms);
    };
    const send = (): void => {
      const number = sent;
      sent += 1;
      repeatAfter(attemptMs);
      attempt(Math.max(1, until - performance.now())).then(
        (answer) => {
          if (!answered)
            finish(() => {
              resolve(answer);
            });
        },
        (error: unknown) => {
          if (answered) return;
          if (!leavesUnknown(error, number))
            finish(() => {
              reject(error instanceof Error ? error : new Error(String(error)));
            });
          else {
            if (error instanceof OutcomeUnknown) unknown = error;
            // An earlier attempt that ends does not hasten the one that follows the latest.
            if (number === sent - 1) repeatAfter(Math.min(50 * 2 ** number, 1_000));
          }
        },
      );
    };
    send();
  });

/** That a repetition was not stored says nothing about the attempts before it. */
const leavesUnknown = (error: unknown, number: number): boolean =>
  error instanceof OutcomeUnknown || (number > 0 && error instanceof LogUnavailable);
