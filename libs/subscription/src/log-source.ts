import type { EventLog } from '#event-log/event-log.js';
import type { LogTail } from '#event-log/log-tail.js';
import { pause } from '#event-log/pause.js';
import { isStoreFault } from '#read-store/store-errors.js';

import { Backoff } from './backoff.js';
import { LogScope } from './log-scope.js';
import { pollPace } from './pace.js';
import type { Scope, Source } from './source.js';

const scopesMs = 1_000;

export interface LogSourceOptions {
  /** How often the scopes are polled, in milliseconds. */
  readonly scopesMs?: number;
  /**
   * How long to gather events after a page that was not full, in milliseconds: the first event after a rest is taken
   * at once, and many that follow each other cost a transaction for some of them and not for each.
   */
  readonly gatherMs?: number;
}

/** The event log itself as the source: each scope is one partition, which one process follows at a time. */
export const logSource = <T>(
  log: EventLog,
  tail: LogTail,
  options: LogSourceOptions = {},
): Source<T> => ({
  name: 'log',
  run: async (context, signal) => {
    const failing = new AbortController();
    const either = AbortSignal.any([signal, failing.signal]);
    const running = new Map<string, Promise<void>>();
    let failure: unknown;
    const fail = (error: unknown): void => {
      failure ??= error;
      failing.abort();
    };
    const follow = (scope: Scope): void => {
      const key = `${scope.name} ${scope.state}`;
      if (running.has(key) || either.aborted) return;
      const run = new LogScope(context, log, tail, scope, options.gatherMs).run(either);
      const ended = run.catch(fail).finally(() => {
        running.delete(key);
        // A build that was switched to goes on as the one in use without waiting for the next poll.
        if (scope.state === 'building') void poll().catch(() => undefined);
      });
      running.set(key, ended);
    };
    const poll = async (): Promise<void> => {
      for (const scope of await context.scopes()) follow(scope);
    };
    for (const backoff = new Backoff(200); !either.aborted;) {
      try {
        await poll();
        backoff.reset();
        if (options.scopesMs !== undefined) await pause(options.scopesMs, either);
        else await pollPace(context.store).next(scopesMs, either);
      } catch (error) {
        if (!isStoreFault(error)) {
          fail(error);
          break;
        }
        const { logger, subscription } = context;
        logger.warn({ subscription, err: error }, 'the subscription waits for the read store');
        await backoff.wait(either);
      }
    }
    await Promise.all(running.values());
    if (failure !== undefined) throw failure as Error;
  },
});
