import type { Logger } from './logging.js';

/** After this a stop that hangs is cut short; whoever starts next goes on from what was committed. */
const stopMs = 9_000;

/**
 * Ends the process when it is asked to (SIGTERM, SIGINT) or its parent is gone: with 0 once `stop` has
 * resolved, with 1 where it rejects or hangs.
 */
export const stopOnRequest = (logger: Logger, stop: () => Promise<void>): void => {
  let stopping = false;
  const end = (reason: string): void => {
    if (stopping) return;
    stopping = true;
    logger.info({ reason }, 'stopping');
    setTimeout(() => {
      logger.error({ stopMs }, 'not stopped in time');
      process.exit(1);
    }, stopMs).unref();
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ error }, 'not stopped in order');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => end('SIGTERM'));
  process.on('SIGINT', () => end('SIGINT'));
  process.on('disconnect', () => end('parent is gone'));
  // It may have gone while this process was still loading.
  if ('connected' in process && !process.connected) end('parent is gone');
};

/** Ends the process on a failure that nobody handles: what it does from there on cannot be trusted. */
export const endOnStrayFailure = (logger: Logger): void => {
  const end = (error: unknown): void => {
    logger.fatal({ error }, 'a failure that nobody handles');
    process.exit(1);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
};
