import { randomUUID } from 'node:crypto';

import { contracts } from '#apps/contracts.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import { LogTail } from '#event-log/log-tail.js';
import { pause } from '#event-log/pause.js';
import { Publication } from '#fanout/fact.js';
import { PortionThread } from '#fanout/relay/portion-thread.js';
import { Relay } from '#fanout/relay/relay.js';
import { relayHealth } from '#fanout/relay/relay-health.js';
import { noteRelay } from '#fanout/relay/relay-status.js';
import { RelayReport } from '#fanout/relay/report.js';
import { HealthRegistry, progressHealth } from '#observability/health.js';
import { Logger } from '#observability/logging.js';
import { Metrics } from '#observability/metrics.js';
import { endOnStrayFailure, stopOnRequest } from '#observability/process-end.js';
import { SupervisionServer } from '#observability/supervision-server.js';
import { Lease } from '#read-store/lease.js';
import { endBehindPooler } from '#read-store/own-sessions.js';
import { ReadStore } from '#read-store/read-store.js';
import { isMissingRelation } from '#read-store/store-errors.js';

import { readConfig, type RelayConfig } from './config.js';
import { RelayMetrics } from './relay-metrics.js';

const noteMs = 1_000;

const logger = Logger.create({ app: 'relay' });

/** Resolves when `signal` has aborted and everything is put down. */
const run = async (config: RelayConfig, signal: AbortSignal): Promise<void> => {
  endBehindPooler(config.DATABASE_URL, logger);
  const log = EsdbEventLog.connect(config.EVENTSTORE_URL);
  // It only tells that there is something: the thread reads it.
  const tail = new LogTail(log, { logger, maxEvents: 64 });
  const store = new ReadStore(config.DATABASE_URL, {
    ...{ logger, applicationName: 'voltrace relay', maxConnections: 2 },
    statementTimeoutMs: 5_000,
  });
  const lease = new Lease(config.DATABASE_URL, logger, 'relay');
  const report = new RelayReport();
  const metrics = new Metrics();
  const relayMetrics = new RelayMetrics(metrics, report);
  const publication = new Publication(contracts);
  const server = new SupervisionServer({
    ...{ health: healthOf(report, tail), metrics, logger },
    collect: () => relayMetrics.collect(log, publication),
  });
  signal.addEventListener('abort', () => void tail.stop());
  const port = await server.listen(config);
  const noting = keepNoting(store, report, signal);
  report.turn('starting', 'the event log has not answered yet');
  await tail.start();
  const thread = new PortionThread(new URL('portion-thread.js', import.meta.url), {
    eventStoreUrl: config.EVENTSTORE_URL,
  });
  const relay = new Relay({
    ...{ settings: config, contracts, log, tail, lease, logger, report },
    portions: (position, limits) => thread.feed(position, limits),
    onTransaction: (outcome, records) => relayMetrics.transaction(outcome, records),
  });
  const ended = Promise.all([relay.run(signal), noting]);
  logger.info({ port }, 'relay is ready');
  process.send?.({ type: 'ready', ...(port !== undefined && { port }) });
  await ended;
  await Promise.all([server.close(), thread.stop(), lease.close(), log.close(), store.close()]);
};

const healthOf = (report: RelayReport, tail: LogTail): HealthRegistry => {
  const health = new HealthRegistry();
  health.register('event-log', () => progressHealth(tail.status(), new Date()));
  health.register('relay', () => relayHealth(report, new Date()));
  return health;
};

/** For people: a Postgres that is away, or has not been migrated yet, keeps nobody from publishing. */
const keepNoting = async (
  store: ReadStore,
  report: RelayReport,
  signal: AbortSignal,
): Promise<void> => {
  const holder = randomUUID();
  let isNoted = true;
  while (!signal.aborted) {
    try {
      await noteRelay(store, holder, report);
      isNoted = true;
    } catch (error) {
      if (isNoted && isMissingRelation(error)) {
        logger.info({}, 'the read store is not migrated yet; the relay is shown when it is');
      } else if (isNoted) {
        logger.warn({ err: error }, 'how the relay stands cannot be written down');
      }
      isNoted = false;
    }
    await pause(noteMs, signal);
  }
};

// kafkajs leaves some rejections to nobody. What is half done is ended by the next start.
endOnStrayFailure(logger);
const stopping = new AbortController();
const running = run(readConfig(), stopping.signal);
stopOnRequest(logger, () => {
  stopping.abort();
  return running;
});
running.catch((error: unknown) => {
  logger.fatal({ error }, 'relay cannot start');
  process.exit(1);
});
