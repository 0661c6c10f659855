import { NestFactory } from '@nestjs/core';

import { LogTail } from '#event-log/log-tail.js';
import { Logger } from '#observability/logging.js';
import { stopOnRequest } from '#observability/process-end.js';
import { projections } from '#projections/all.js';
import { migrateWhenPossible } from '#read-store/migrate-when-possible.js';
import { endBehindPooler } from '#read-store/own-sessions.js';
import { ProjectionRunner } from '#read-store/projection-runner.js';
import { ReadStore } from '#read-store/read-store.js';
import { untilBuilt } from '#read-store/status.js';

import { type ProjectorConfig, readConfig } from './config.js';
import { ProjectorModule } from './projector.module.js';
import { Supervision } from './supervision.js';

import 'reflect-metadata';

const firstBuildMs = 5_000;

const logger = Logger.create({ app: 'projector' });

const start = async (config: ProjectorConfig): Promise<void> => {
  const app = await NestFactory.createApplicationContext(ProjectorModule.with(config, logger), {
    logger: false,
    abortOnError: false,
  });
  stopOnRequest(logger, () => app.close());
  endBehindPooler(config.DATABASE_URL, logger);
  await migrateWhenPossible(config.DATABASE_URL, logger);
  await app.get(LogTail).start();
  await app.get(ProjectionRunner).start();
  const port = await app.get(Supervision).listen(config);
  // On an empty log that is a moment; a long build goes on while the process is ready.
  const built = await untilBuilt(app.get(ReadStore), projections, firstBuildMs);
  logger.info({ port, built }, 'projector is ready');
  process.send?.({ type: 'ready', ...(port !== undefined && { port }) });
};

start(readConfig()).catch((error: unknown) => {
  logger.fatal({ error }, 'projector cannot start');
  process.exit(1);
});
