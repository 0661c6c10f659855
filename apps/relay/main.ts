import { randomUUID } from 'node:crypto';

import { contracts } from '#apps/contracts.js';
import { pause } from '#event-log/pause.js';
import { Publication } from '#fanout/fact.js';
import { PortionThread } from '#fanout/relay/portion-thread.js';
import { Relay } from '#fanout/relay/relay.js';
import { relayHealth } from '#fanout/relay/relay-health.js';
import { noteRelay } from '#fanout/relay/relay-status.js';
import { RelayReport } from '#fanout/relay/report.js';
import type { ProcessContext } from '#process/process-context.js';
import { runProcess } from '#process/run-process.js';
import { openEventLog } from '#process/stores.js';
import { Lease } from '#read-store/lease.js';
import { ReadStore } from '#read-store/read-store.js';
import { isMissingRelation } from '#read-store/store-errors.js';

import { relayEnvironment } from './config.js';
import { RelayMetrics } from './relay-metrics.js';

const noteMs = 1_000;

/** For people: a Postgres that is away, or has not been migrated yet, keeps nobody from publishing. */
const keepNoting = (context: ProcessContext, databaseUrl: string, report: RelayReport): void => {
  const { logger, signal } = context;
  const store = new ReadStore(databaseUrl, {
    ...{ logger, applicationName: 'voltrace relay', maxConnections: 2 },
    statementTimeoutMs: 5_000,
  });
  context.onStop(() => store.close());
  const holder = randomUUID();
  const noting = async (): Promise<void> => {
    let isNoted = true;
    while (!signal.aborted) {
      try {
        await noteRelay(store, holder, report);
        isNoted = true;
      } catch (error) {
        if (isNoted && isMissingRelation(error)) {
          logger.info({}, 'the read store is not migrated yet; the relay is shown when it is');
        } else if (isNoted) {
          logger.warn({ err: error }, 'the status of the relay cannot be written down');
        }
        isNoted = false;
      }
      await pause(noteMs, signal);
    }
  };
  const running = noting();
  context.onStop(() => running);
};

runProcess({
  name: 'relay',
  environment: relayEnvironment,
  start: async (context, config) => {
    const { logger, health, metrics, signal } = context;
    // The tail only tells that there is something: the thread reads it.
    const { log, tail } = openEventLog(context, config.EVENTSTORE_URL, { maxEvents: 64 });
    const report = new RelayReport();
    health.register('relay', () => relayHealth(report, new Date()));
    const relayMetrics = new RelayMetrics(metrics, report);
    const publication = new Publication(contracts);
    context.onCollect(() => relayMetrics.collect(log, publication));
    keepNoting(context, config.DATABASE_URL, report);
    report.turn('starting', 'the event log has not answered yet');
    await tail.start();
    const lease = new Lease(config.DATABASE_URL, logger, 'relay');
    context.onStop(() => lease.close());
    const thread = new PortionThread(new URL('portion-thread.js', import.meta.url), {
      eventStoreUrl: config.EVENTSTORE_URL,
    });
    context.onStop(() => thread.stop());
    const relay = new Relay({
      ...{ settings: config, contracts, log, tail, lease, logger, report },
      portions: (position, limits) => thread.feed(position, limits),
      onTransaction: (outcome, records) => relayMetrics.transaction(outcome, records),
    });
    const running = relay.run(signal);
    context.onStop(() => running);
    return { brokers: config.KAFKA_BROKERS };
  },
});
