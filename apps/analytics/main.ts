import { type INestMicroservice, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

import { contracts } from '#apps/contracts.js';
import { pause } from '#event-log/pause.js';
import { ConsumerRefused } from '#fanout/consumer/claim-consumer.js';
import { noteState } from '#fanout/consumer/consumer-row.js';
import { ConsumerRunner } from '#fanout/consumer/runner.js';
import { consumerHealth } from '#fanout/consumer/status.js';
import { Publication } from '#fanout/fact.js';
import { FanoutServer, fanoutServer } from '#fanout/nest/fanout-server.js';
import { kafkaTransport } from '#fanout/transport/kafka-transport.js';
import { logTransport } from '#fanout/transport/log-transport.js';
import type { CheckResult } from '#observability/health.js';
import type { ProcessContext } from '#process/process-context.js';
import { runProcess } from '#process/run-process.js';
import { openEventLog, openReadStore } from '#process/stores.js';
import {
  forgetRegistryActivity,
  registryActivity,
  RegistryActivityConsumer,
} from '#projections/registry-activity/consumer.js';
import { migrateWhenPossible } from '#read-store/migrate-when-possible.js';
import type { ReadStore } from '#read-store/read-store.js';

import { analyticsEnvironment } from './config.js';
import { ConsumerMetrics } from './consumer-metrics.js';

import 'reflect-metadata';

/** How often a consumer that was refused is tried again: an operator may have reset it. */
const refusedMs = 2_000;

@Module({})
class AnalyticsModule {}

/** The consumer as it stands; `refusal` is why it must not start. */
interface Supervised {
  runner?: ConsumerRunner;
  refusal?: Error | undefined;
}

const healthOf = ({ runner, refusal }: Supervised): CheckResult => {
  if (refusal) return { status: 'down', state: 'refused', reason: refusal.message };
  if (!runner) return { status: 'down', state: 'starting' };
  return consumerHealth(runner.status(), new Date());
};

/**
 * Resolves when the consumer runs, or was refused. One that must not start is tried again: the process
 * stays, unready and with the reason in its health, its log and its status, so that a reset is all that
 * is needed.
 */
const consume = async (
  context: ProcessContext,
  app: INestMicroservice,
  store: ReadStore,
  supervised: Supervised,
): Promise<void> => {
  try {
    await app.listen();
    if (supervised.refusal) context.logger.info({}, 'the consumer runs now');
    supervised.refusal = undefined;
  } catch (error) {
    if (!(error instanceof ConsumerRefused)) throw error;
    if (supervised.refusal?.message !== error.message) {
      context.logger.error({ error }, 'the consumer must not start');
    }
    supervised.refusal = error;
    const noted = { consumer: registryActivity, state: 'stopped', reason: error.message } as const;
    await noteState(store, noted).catch((error: unknown) => {
      context.logger.warn({ error }, 'the read store does not answer');
    });
    void pause(refusedMs, context.signal).then(async () => {
      if (!context.signal.aborted) await consume(context, app, store, supervised);
    });
  }
};

runProcess({
  name: 'analytics',
  environment: analyticsEnvironment,
  start: async (context, config) => {
    const { logger, health, metrics } = context;
    const { log, tail } = openEventLog(context, config.EVENTSTORE_URL);
    const store = openReadStore(context, config.DATABASE_URL);
    const observer = new ConsumerMetrics(metrics);
    const supervised: Supervised = {};
    health.register(`consumer ${registryActivity}`, () => healthOf(supervised));
    context.onCollect(async () => {
      if (supervised.runner) await observer.collect(supervised.runner.status(), store);
    });
    const { KAFKA_BROKERS: brokers, KAFKA_SESSION_TIMEOUT_MS: sessionTimeoutMs } = config;
    const transport =
      brokers === undefined
        ? logTransport(log, tail, new Publication(contracts))
        : kafkaTransport({ ...config, KAFKA_BROKERS: brokers }, contracts, logger, {
            sessionTimeoutMs,
          });
    const providers = fanoutServer({
      inject: [],
      useFactory: () => ({
        name: registryActivity,
        contracts,
        forget: forgetRegistryActivity,
        run: (consumer) => {
          const parts = { store, log, tail, logger, observer };
          return (supervised.runner = new ConsumerRunner(consumer, transport, parts));
        },
      }),
    });
    const app = await NestFactory.createMicroservice(
      { module: AnalyticsModule, controllers: [RegistryActivityConsumer], providers },
      {
        useFactory: (strategy: FanoutServer) => ({ strategy }),
        inject: [FanoutServer],
        logger: false,
        abortOnError: false,
      },
    );
    context.onStop(() => app.close());
    // What only a new process can go on with ends this one.
    app.on('ended', (error?: Error) => {
      if (error) context.fatal(error, 'the consumer cannot go on');
    });
    await migrateWhenPossible(config.DATABASE_URL, logger);
    await tail.start();
    await consume(context, app, store, supervised);
    return { transport: transport.name };
  },
});
