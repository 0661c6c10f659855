import { setTimeout as sleep } from 'node:timers/promises';

import type { INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

import { LogTail } from '#event-log/log-tail.js';
import { ConsumerRefused } from '#fanout/consumer/claim-consumer.js';
import { noteState } from '#fanout/consumer/consumer-row.js';
import { FanoutServer } from '#fanout/nest/fanout-server.js';
import { Logger } from '#observability/logging.js';
import { endOnStrayFailure, stopOnRequest } from '#observability/process-end.js';
import { registryActivity } from '#projections/registry-activity/consumer.js';
import { migrateWhenPossible } from '#read-store/migrate-when-possible.js';
import { endBehindPooler } from '#read-store/own-sessions.js';
import { ReadStore } from '#read-store/read-store.js';

import { AnalyticsModule } from './analytics.module.js';
import { type AnalyticsConfig, readConfig } from './config.js';
import { Supervision } from './supervision.js';

import 'reflect-metadata';

/** How often a consumer that was refused is tried again: an operator may have reset it. */
const refusedMs = 2_000;

const logger = Logger.create({ app: 'analytics' });

// kafkajs leaves some rejections to nobody. What was not committed is delivered again.
endOnStrayFailure(logger);

const start = async (config: AnalyticsConfig): Promise<void> => {
  const app = await NestFactory.createMicroservice(AnalyticsModule.with(config, logger), {
    useFactory: (strategy: FanoutServer) => ({ strategy }),
    inject: [FanoutServer],
    logger: false,
    abortOnError: false,
  });
  stopOnRequest(logger, () => app.close());
  const port = await app.get(Supervision).listen(config);
  endBehindPooler(config.DATABASE_URL, logger);
  await migrateWhenPossible(config.DATABASE_URL, logger);
  await app.get(LogTail).start();
  const ready = (): void => {
    logger.info({ port, transport: config.KAFKA_BROKERS ? 'kafka' : 'log' }, 'analytics is ready');
    process.send?.({ type: 'ready', ...(port !== undefined && { port }) });
  };
  await consume(app, ready);
};

/**
 * Resolves when the consumer runs. One that must not start is tried again: the process stays, unready
 * and with the reason in its health, its log and its status, so that a reset is all that is needed.
 */
const consume = async (app: INestMicroservice, ready: () => void): Promise<void> => {
  app.on('ended', endedBy);
  let refused: ConsumerRefused | undefined;
  for (;;) {
    const refusal = await listenUnlessRefused(app);
    app.get(Supervision).refused(refusal);
    if (!refused) ready();
    if (!refusal) break;
    if (refused?.message !== refusal.message) {
      logger.error({ error: refusal }, 'the consumer must not start');
    }
    refused = refusal;
    await noteRefusal(app, refusal);
    await sleep(refusedMs);
  }
  if (refused) logger.info({}, 'the consumer runs now');
};

const listenUnlessRefused = async (
  app: INestMicroservice,
): Promise<ConsumerRefused | undefined> => {
  try {
    await app.listen();
    return undefined;
  } catch (error) {
    if (error instanceof ConsumerRefused) return error;
    throw error;
  }
};

const noteRefusal = async (app: INestMicroservice, { message }: Error): Promise<void> => {
  const noted = { consumer: registryActivity, state: 'stopped', reason: message } as const;
  await noteState(app.get(ReadStore), noted).catch((error: unknown) => {
    logger.warn({ error }, 'the read store does not answer');
  });
};

/** What only a new process can go on with ends this one. */
const endedBy = (error?: Error): void => {
  if (!error) return;
  logger.fatal({ error }, 'the consumer cannot go on');
  process.exit(1);
};

start(readConfig()).catch((error: unknown) => {
  logger.fatal({ error }, 'analytics cannot start');
  process.exit(1);
});
