import { setTimeout as sleep } from 'node:timers/promises';

import { ensureCertificates } from '#embedded/certificates.js';
import { describeShortage, DiskReserve } from '#observability/disk-reserve.js';
import { Logger } from '#observability/logging.js';
import { stopOnRequest } from '#observability/process-end.js';

import { type Config, readConfig } from './config.js';
import { openReadPool, openWriterSession, type WriterSession } from './database.js';
import { DerivedIndex } from './derived-index.js';
import { type Readiness, serveHealth } from './health.js';
import { LogClock } from './log-clock.js';
import type { Node } from './node.js';
import { LogReader } from './read-log.js';
import { RecentEvents } from './recent-events.js';
import { serve } from './server.js';
import { StreamStates } from './stream-state.js';
import { Writer } from './writer.js';

/** What was answered last is still on its way to the clients. */
const FLUSH_MS = 100;
/** A quarter of what the writer keeps: a reader that looks a stream up holds nobody else up. */
const READERS_CACHE_UNITS = 100_000;

const logger = Logger.create({ app: 'event-node' });

const exitWith = (code: number, error: unknown, message: string): never => {
  logger.fatal({ error }, message);
  process.exit(code);
};

const tell = (message: object): void => {
  if (process.connected) process.send?.(message);
};

const readPool = (config: Config, name: string, connections: number) =>
  openReadPool(config.databaseUrl, name, connections).on('error', (error) =>
    logger.warn({ error }, 'a reading connection broke'),
  );

const createNode = (config: Config, session: WriterSession, readiness: Readiness): Node => {
  const forReaders = readPool(config, 'reads', 4);
  const reader = new LogReader(forReaders);
  const states = new StreamStates(forReaders, READERS_CACHE_UNITS);
  // What the writer waits for does not queue behind readers.
  const forWriter = readPool(config, 'lookups', 2);
  const lookup = new LogReader(forWriter);
  const recent = new RecentEvents(session.head);
  const derived = new DerivedIndex(forReaders, recent);
  const writer = new Writer({
    session,
    states: new StreamStates(forWriter),
    readStates: states,
    recent,
    clock: new LogClock(session.created, {
      onBehind: (behindMs) =>
        logger.warn(
          { behindMs },
          'the clock is behind the log: events get the time of the last one until it has caught up',
        ),
      onCaughtUp: () => logger.info({}, 'the clock has caught up with the log'),
    }),
    loadIds: (missing) => lookup.ids(missing),
    onFatal: (error) => exitWith(1, error, 'may not write any more'),
    onAccepting: (accepting, reason) => {
      Object.assign(readiness, { accepting, reason });
      logger.warn({ accepting, reason }, accepting ? 'appends taken again' : 'appends refused');
      tell({ type: 'appends', accepting, reason });
    },
  });
  const report = (error: unknown): void => logger.error({ error }, 'a call failed');
  const { maxAppendBytes, maxOpenBytes, asServer } = config;
  return {
    writer,
    states,
    reader,
    derived,
    recent,
    maxAppendBytes,
    maxOpenBytes,
    asServer,
    report,
  };
};

const start = async (config: Config): Promise<void> => {
  const session = await openWriterSession(config.databaseUrl);
  const readiness: Readiness = { accepting: true };
  const node = createNode(config, session, readiness);
  const disk = new DiskReserve(config, [], logger, (shortage) => {
    const reason = shortage && describeShortage(shortage);
    node.writer.refuseAll(reason);
    node.derived.refuse(reason);
  });
  await disk.start();
  // After the session, which one node alone can have.
  const certificates = await ensureCertificates(config.certificates, config.host);
  const { server, port } = await serve(node, config.host, config.port, certificates);
  if (config.healthPort !== undefined) {
    await serveHealth(readiness, node.writer, config.host, config.healthPort);
  }

  stopOnRequest(logger, async () => {
    disk.stop();
    await node.writer.stop();
    await sleep(FLUSH_MS);
    server.forceShutdown();
  });

  const { epoch, head } = session;
  logger.info({ port, epoch: epoch.toString(), head: head.toString() }, 'serving');
  tell({ type: 'ready', port });
};

start(readConfig()).catch((error: unknown) => exitWith(1, error, 'could not start'));
