import { Logger } from '#observability/logging.js';

import { type Config, readConfig } from './config.js';
import { openReadPool, openWriterSession } from './database.js';
import type { Node } from './node.js';
import { LogReader } from './read-log.js';
import { RecentEvents } from './recent-events.js';
import { serve } from './server.js';
import { StreamStates } from './stream-state.js';
import { Writer } from './writer.js';

const logger = Logger.create({ app: 'event-node' });
const DRAIN_MS = 8_000;

const exitWith = (code: number, error: unknown, message: string): never => {
  logger.fatal({ error }, message);
  process.exit(code);
};

const tell = (message: object): void => {
  if (process.connected) process.send?.(message);
};

const start = async (config: Config): Promise<void> => {
  const session = await openWriterSession(config.databaseUrl);
  const pool = openReadPool(config.databaseUrl);
  pool.on('error', (error) => logger.warn({ error }, 'a reading connection broke'));
  const reader = new LogReader(pool);
  const states = new StreamStates(pool);
  const recent = new RecentEvents(session.head);
  const writer = new Writer({
    session,
    states,
    recent,
    loadIds: (missing) => reader.ids(missing),
    onFatal: (error) => exitWith(1, error, 'may not write any more'),
    onAccepting: (accepting, reason) => {
      logger.warn({ accepting, reason }, accepting ? 'appends taken again' : 'appends refused');
      tell({ type: 'appends', accepting, reason });
    },
  });
  const report = (error: unknown): void => logger.error({ error }, 'a call failed');
  const { maxAppendBytes } = config;
  const node: Node = { writer, states, reader, recent, maxAppendBytes, report };
  const { server, port } = await serve(node, config.host, config.port);

  let stopping = false;
  const stop = async (reason: string): Promise<void> => {
    if (stopping) return;
    stopping = true;
    logger.info({ reason }, 'stopping');
    setTimeout(() => exitWith(1, undefined, 'could not stop in time'), DRAIN_MS).unref();
    await writer.stop();
    server.forceShutdown();
    await pool.end();
    process.exit(0);
  };
  process.on('SIGTERM', () => void stop('SIGTERM'));
  process.on('SIGINT', () => void stop('SIGINT'));
  process.on('disconnect', () => void stop('the parent left'));

  const { epoch, head } = session;
  logger.info({ port, epoch: epoch.toString(), head: head.toString() }, 'serving');
  tell({ type: 'ready', port });
};

start(readConfig()).catch((error: unknown) => exitWith(1, error, 'could not start'));
