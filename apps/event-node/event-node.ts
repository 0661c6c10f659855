import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { ensureCertificates } from '#embedded/certificates.js';
import { describeShortage, DiskReserve } from '#observability/disk-reserve.js';
import type { ProcessContext } from '#process/process-context.js';
import { notifyParent, type ProcessDefinition } from '#process/run-process.js';

import { type Config, eventNodeEnvironment } from './config.js';
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

const createNode = (
  context: ProcessContext,
  config: Config,
  session: WriterSession,
  readiness: Readiness,
): Node => {
  const { logger } = context;
  const readPool = (name: string, connections: number) =>
    openReadPool(config.EVENT_NODE_DATABASE_URL, name, connections).on('error', (error) =>
      logger.warn({ error }, 'a reading connection broke'),
    );
  const forReaders = readPool('reads', 4);
  const reader = new LogReader(forReaders);
  const states = new StreamStates(forReaders, READERS_CACHE_UNITS);
  // What the writer waits for does not queue behind readers.
  const forWriter = readPool('lookups', 2);
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
    onFatal: (error) => context.fatal(error, 'may not write any more'),
    onAccepting: (accepting, reason) => {
      Object.assign(readiness, { accepting, reason });
      logger.warn({ accepting, reason }, accepting ? 'appends taken again' : 'appends refused');
      notifyParent({ type: 'appends', accepting, reason });
    },
  });
  const report = (error: unknown): void => logger.error({ error }, 'a call failed');
  return {
    writer,
    states,
    reader,
    derived,
    recent,
    maxAppendBytes: config.EVENT_NODE_MAX_APPEND_BYTES,
    maxOpenBytes: config.EVENT_NODE_MAX_OPEN_BYTES,
    asServer: config.EVENT_NODE_ANSWERS === 'as-a-server',
    report,
  };
};

/** The node as a process runs it. */
export const eventNode: ProcessDefinition<typeof eventNodeEnvironment> = {
  name: 'event-node',
  environment: eventNodeEnvironment,
  start: async (context, config) => {
    const { logger } = context;
    const session = await openWriterSession(config.EVENT_NODE_DATABASE_URL);
    const readiness: Readiness = { accepting: true };
    const node = createNode(context, config, session, readiness);
    const disk = new DiskReserve(config, [], logger, (shortage) => {
      const reason = shortage && describeShortage(shortage);
      node.writer.refuseAll(reason);
      node.derived.refuse(reason);
    });
    await disk.start();
    const { EVENT_NODE_HOST: host, EVENT_NODE_HEALTH_PORT: healthPort } = config;
    // After the session, which one node alone can have.
    const certificates = await ensureCertificates(resolve(config.EVENT_NODE_CERTIFICATES), host);
    const { server, port } = await serve(node, host, config.EVENT_NODE_PORT, certificates);
    if (healthPort !== undefined) await serveHealth(readiness, node.writer, host, healthPort);
    context.onStop(async () => {
      disk.stop();
      await node.writer.stop();
      await sleep(FLUSH_MS);
      server.forceShutdown();
    });
    const { epoch, head } = session;
    return { port, epoch: epoch.toString(), head: head.toString() };
  },
};
