import { contracts } from '#apps/contracts.js';
import { noteState } from '#fanout/consumer/consumer-row.js';
import { ConsumerRunner } from '#fanout/consumer/runner.js';
import { consumerHealth } from '#fanout/consumer/status.js';
import { Publication } from '#fanout/fact.js';
import { serveConsumers } from '#fanout/nest/serve-consumers.js';
import { kafkaTransport } from '#fanout/transport/kafka-transport.js';
import { logTransport } from '#fanout/transport/log-transport.js';
import { runProcess } from '#process/run-process.js';
import { openEventLog, openReadStore } from '#process/stores.js';
import { consumers } from '#projections/consumers.js';
import { migrateWhenPossible } from '#read-store/migrate-when-possible.js';

import { consumersEnvironment } from './config.js';
import { ConsumerMetrics } from './consumer-metrics.js';

import 'reflect-metadata';

runProcess({
  name: 'consumers',
  environment: consumersEnvironment,
  start: async (context, config) => {
    const { logger, health, metrics } = context;
    const { log, tail } = openEventLog(context, config.EVENTSTORE_URL);
    const maxConnections = 6 + 4 * consumers.length;
    const store = openReadStore(context, config.DATABASE_URL, { maxConnections });
    const { KAFKA_BROKERS: brokers, KAFKA_SESSION_TIMEOUT_MS: sessionTimeoutMs } = config;
    const kafka = brokers !== undefined && { ...config, KAFKA_BROKERS: brokers };
    const transport = kafka
      ? kafkaTransport(kafka, contracts, logger, { sessionTimeoutMs })
      : logTransport(log, tail, new Publication(contracts));
    const observer = new ConsumerMetrics(metrics);
    const parts = { store, log, tail, logger, observer };
    const served = await serveConsumers({
      ...{ consumers, logger },
      run: (consumer) => new ConsumerRunner(consumer, transport, parts),
      onFailure: (consumer, { message: reason }) => {
        noteState(store, { consumer, state: 'stopped', reason }).catch((error: unknown) => {
          logger.warn({ consumer, error }, 'the status of the consumer cannot be written down');
        });
      },
    });
    context.onStop(() => served.stop());
    for (const each of served.consumers) {
      health.register(`consumer ${each.name}`, () => {
        const { run, failure } = each;
        if (failure) return { status: 'down', state: 'stopped', reason: failure.message };
        if (!run) return { status: 'down', state: 'starting' };
        return consumerHealth(run.status(), new Date());
      });
    }
    context.onCollect(() => {
      const running = served.consumers.flatMap(({ run, failure }) =>
        run && !failure ? [run] : [],
      );
      return observer.collect(
        running.map((run) => run.status()),
        store,
      );
    });
    await migrateWhenPossible(config.DATABASE_URL, logger);
    await tail.start();
    await served.start();
    return { transport: transport.name, consumers: consumers.map(({ name }) => name) };
  },
});
