import type { LoggerService } from '@nestjs/common';

import type { Logger } from '#observability/logging.js';

/** Nest's own lines, as ours; its start-up chatter is for debugging. */
export const nestLogger = (logger: Logger): LoggerService => {
  const fields = (context: unknown[]) => ({ nest: context.map(String).at(-1) ?? null });
  return {
    log: (message, ...context: unknown[]) => logger.debug(fields(context), String(message)),
    debug: (message, ...context: unknown[]) => logger.debug(fields(context), String(message)),
    verbose: (message, ...context: unknown[]) => logger.debug(fields(context), String(message)),
    warn: (message, ...context: unknown[]) => logger.warn(fields(context), String(message)),
    error: (message, ...context: unknown[]) =>
      logger.error(
        { error: message instanceof Error ? message : undefined, ...fields(context) },
        String(message),
      ),
    fatal: (message, ...context: unknown[]) => logger.fatal(fields(context), String(message)),
  };
};
