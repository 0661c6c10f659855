import { setTimeout as sleep } from 'node:timers/promises';

import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

import { LogTail } from '#event-log/log-tail.js';
import { Logger } from '#observability/logging.js';
import { projections } from '#projections/all.js';
import { migrate } from '#read-store/migrate.js';
import { ProjectionRunner } from '#read-store/projection-runner.js';
import { ReadStore } from '#read-store/read-store.js';
import { untilBuilt } from '#read-store/status.js';
import { isStoreFault } from '#read-store/store-errors.js';

import { type ProjectorConfig, readConfig } from './config.js';
import { ProjectorModule } from './projector.module.js';
import { Supervision } from './supervision.js';

import 'reflect-metadata';

/** After this a stop that hangs is cut short; the next start then finds its builds interrupted. */
const stopMs = 9_000;
const storeRetryMs = 1_000;
const firstBuildMs = 5_000;

const logger = Logger.create({ app: 'projector' });

const start = async (config: ProjectorConfig): Promise<void> => {
  const app = await NestFactory.createApplicationContext(ProjectorModule.with(config, logger), {
    logger: false,
    abortOnError: false,
  });
  stopOnRequest(app);
  await migrateWhenPossible(config.DATABASE_URL);
  await app.get(LogTail).start();
  await app.get(ProjectionRunner).start();
  const port = await listen(app, config);
  // On an empty log that is a moment; a long build goes on while the process is ready.
  const built = await untilBuilt(app.get(ReadStore), projections, firstBuildMs);
  logger.info({ port, built }, 'projector is ready');
  process.send?.({ type: 'ready', ...(port !== undefined && { port }) });
};

const migrateWhenPossible = async (url: string): Promise<void> => {
  for (;;) {
    try {
      await migrate(url, { logger });
      return;
    } catch (error) {
      if (!isStoreFault(error)) throw error;
      logger.warn({ error }, 'the read store does not answer yet');
      await sleep(storeRetryMs);
    }
  }
};

const listen = async (
  app: INestApplicationContext,
  { HEALTH_HOST, HEALTH_PORT }: ProjectorConfig,
): Promise<number | undefined> =>
  HEALTH_PORT === undefined ? undefined : app.get(Supervision).listen(HEALTH_HOST, HEALTH_PORT);

const stopOnRequest = (app: INestApplicationContext): void => {
  let stopping = false;
  const stop = (reason: string): void => {
    if (stopping) return;
    stopping = true;
    logger.info({ reason }, 'projector stops');
    setTimeout(() => process.exit(1), stopMs).unref();
    app.close().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ error }, 'projector did not stop in order');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  // The parent is gone.
  process.on('disconnect', () => stop('parent'));
};

start(readConfig()).catch((error: unknown) => {
  logger.fatal({ error }, 'projector cannot start');
  process.exit(1);
});
