import { Logger, type LogLevel } from '#observability/logging.js';
import { requireOwnSessions } from '#read-store/own-sessions.js';

import { type CleanedEnv, configOrExit, type Specs } from './config.js';
import type { SupervisionSettings } from './environment.js';
import { ProcessContext } from './process-context.js';
import { serveSupervision } from './supervision-server.js';

/** After this a stop that hangs is cut short; whoever starts next goes on from what was committed. */
const stopMs = 9_000;
/** Of sysexits.h: the configuration is wrong, and a restart alone does not help. */
const configurationExitCode = 78;

export interface ProcessDefinition<S extends Specs> {
  readonly name: string;
  /** What it reads of its environment. Of the variables in `environment.ts`, the process itself follows those that are here. */
  readonly environment: S;
  /** Resolves when the process does its work, with what its log and its parent are told about it. */
  start(context: ProcessContext, config: CleanedEnv<S>): Promise<object>;
}

type KnownSettings = SupervisionSettings & {
  readonly LOG_LEVEL: LogLevel;
  readonly DATABASE_URL: string;
};

/**
 * The whole life of a process, for a `main.ts`: reads the settings, serves health and metrics, starts,
 * tells its parent that it is ready, and closes its parts in reverse order when it is asked to stop
 * (SIGTERM, SIGINT) or its parent is gone. A wrong setting, a start that fails and an error that nobody
 * handles end it with a line that says why.
 */
export const runProcess = <S extends Specs>(definition: ProcessDefinition<S>): void => {
  const { name } = definition;
  const config = configOrExit(definition.environment);
  const known = { ...config } as unknown as Partial<KnownSettings>;
  const logger = Logger.create({ app: name, ...(known.LOG_LEVEL && { level: known.LOG_LEVEL }) });
  const context = new ProcessContext(name, logger);
  const stray = (error: unknown): never => context.fatal(error, 'an error was handled by nobody');
  process.on('uncaughtException', stray);
  process.on('unhandledRejection', stray);
  stopOnRequest(context);
  if (known.DATABASE_URL !== undefined) endBehindPooler(context, known.DATABASE_URL);
  startAll(context, known, () => definition.start(context, config)).catch((error: unknown) => {
    if (!context.signal.aborted) context.fatal(error, `${name} cannot start`);
  });
};

/** Sends a message to the process that started this one, if it is still there. */
export const notifyParent = (message: object): void => {
  if (process.connected) process.send?.(message);
};

const startAll = async (
  context: ProcessContext,
  known: Partial<KnownSettings>,
  start: () => Promise<object>,
): Promise<void> => {
  const started = context.health.register('start', () => ({ status: 'down', reason: 'starting' }));
  const port = await serveSupervision(context, known);
  const note = { ...(port !== undefined && { port }), ...(await start()) };
  started();
  context.logger.info(note, `${context.name} is ready`);
  notifyParent({ type: 'ready', ...note });
};

/** Ends the process with 0 once it is drained and every part has closed, with 1 where one fails to or hangs. */
const stopOnRequest = (context: ProcessContext): void => {
  const { logger } = context;
  let isStopping = false;
  const stop = async (reason: string): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    logger.info({ reason }, 'stopping');
    await context.drain();
    setTimeout(() => {
      logger.error({ stopMs }, 'the process did not stop in time');
      process.exit(1);
    }, stopMs).unref();
    try {
      await context.stop();
      process.exit(0);
    } catch (error) {
      logger.error({ error }, 'the process did not stop in order');
      process.exit(1);
    }
  };
  process.on('SIGTERM', () => void stop('SIGTERM'));
  process.on('SIGINT', () => void stop('SIGINT'));
  process.on('disconnect', () => void stop('parent is gone'));
  // It may have gone while this process was still loading.
  if ('connected' in process && !process.connected) void stop('parent is gone');
};

const endBehindPooler = (context: ProcessContext, url: string): void => {
  requireOwnSessions(url).catch((error: unknown) =>
    context.fatal(
      error,
      'the database cannot be used through a connection pooler',
      configurationExitCode,
    ),
  );
};
