import { randomUUID } from 'node:crypto';

import { contracts } from '#apps/contracts.js';
import { pause } from '#event-log/pause.js';
import { Publication } from '#fanout/fact.js';
import { BatchThread } from '#fanout/relay/batch-thread.js';
import { Relay } from '#fanout/relay/relay.js';
import { RelayStatus } from '#fanout/relay/status.js';
import { saveStatus } from '#fanout/relay/status-row.js';
import type { ProcessContext } from '#process/process-context.js';
import { runProcess } from '#process/run-process.js';
import { openEventLog } from '#process/stores.js';
import { Lease } from '#read-store/lease.js';
import { ReadStore } from '#read-store/read-store.js';
import { isMissingRelation } from '#read-store/store-errors.js';

import { relayEnvironment } from './config.js';
import { RelayMetrics } from './relay-metrics.js';

const saveMs = 1_000;

/** For people: a Postgres that is away, or has not been migrated yet, keeps nobody from publishing. */
const keepSaving = (context: ProcessContext, databaseUrl: string, status: RelayStatus): void => {
  const { logger, signal } = context;
  const store = new ReadStore(databaseUrl, {
    ...{ logger, applicationName: 'voltrace relay', maxConnections: 2 },
    statementTimeoutMs: 5_000,
  });
  context.onStop(() => store.close());
  const holder = randomUUID();
  const saving = async (): Promise<void> => {
    let isSaved = true;
    while (!signal.aborted) {
      try {
        await saveStatus(store, holder, status);
        isSaved = true;
      } catch (error) {
        if (isSaved && isMissingRelation(error)) {
          logger.info({}, 'the read store is not migrated yet; the relay is shown when it is');
        } else if (isSaved) {
          logger.warn({ err: error }, 'the status of the relay cannot be written');
        }
        isSaved = false;
      }
      await pause(saveMs, signal);
    }
  };
  const running = saving();
  context.onStop(() => running);
};

runProcess({
  name: 'relay',
  environment: relayEnvironment,
  start: async (context, config) => {
    const { logger, health, metrics, signal } = context;
    // The tail only notifies of new events: the thread reads them.
    const { log, tail } = openEventLog(context, config.EVENTSTORE_URL, { maxEvents: 64 });
    const status = new RelayStatus();
    health.register('relay', () => status.health());
    const relayMetrics = new RelayMetrics(metrics, status);
    const publication = new Publication(contracts);
    context.onCollect(() => relayMetrics.collect(log, publication));
    keepSaving(context, config.DATABASE_URL, status);
    status.set('starting', 'the event log has not answered yet');
    await tail.start();
    const lease = new Lease(config.DATABASE_URL, logger, 'relay');
    context.onStop(() => lease.close());
    const thread = new BatchThread(new URL('batch-thread.js', import.meta.url), {
      eventStoreUrl: config.EVENTSTORE_URL,
    });
    context.onStop(() => thread.stop());
    const relay = new Relay({
      ...{ settings: config, contracts, log, tail, lease, logger, status },
      batches: (position) => thread.source(position),
      onTransaction: (outcome, records) => relayMetrics.transaction(outcome, records),
    });
    const running = relay.run(signal);
    context.onStop(() => running);
    return { brokers: config.KAFKA_BROKERS };
  },
});
