import { setTimeout as sleep } from 'node:timers/promises';

import type { NestFastifyApplication } from '@nestjs/platform-fastify';

import { ApiKeys } from '#access/api-key/api-keys.js';
import { ensureAdminKey } from '#access/api-key/ensure-admin-key.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import { LogUnavailable } from '#event-log/event-log.js';
import { LogIncomplete } from '#event-log/import-mark.js';
import { Refusal } from '#kernel/refusal.js';
import { DiskReserve } from '#observability/disk-reserve.js';
import type { Logger } from '#observability/logging.js';
import { runProcess } from '#process/run-process.js';

import { createApi } from './create-api.js';
import { apiEnvironment, kafkaSettingsOf, limitsOf, unusedLimitsOf } from './settings.js';

/** Waits for the log for as long as it takes: without it nobody could be let in anyway. */
const announceAdminKey = async (
  app: NestFastifyApplication,
  file: string,
  logger: Logger,
): Promise<void> => {
  for (let tries = 1; ; tries += 1) {
    try {
      const { id, status } = await ensureAdminKey(app.get(EsdbEventLog), app.get(ApiKeys), file);
      const note = { keyId: id, status, file };
      if (status === 'usable') logger.info(note, 'admin key');
      else
        logger.warn(note, 'the key in ADMIN_KEY_FILE opens nothing; remove the file for a new one');
      return;
    } catch (error) {
      const unavailable = error instanceof Refusal && error.kind === 'unavailable';
      if (!unavailable && !(error instanceof LogUnavailable)) throw error;
      // That does not pass by itself.
      if (error instanceof LogIncomplete && tries === 1) logger.warn({}, error.reason);
      await sleep(500);
    }
  }
};

/** Where the port is taken, the message names the variable. */
const listen = async (app: NestFastifyApplication, host: string, port: number): Promise<void> => {
  try {
    await app.listen({ port, host });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    throw new Error(`PORT ${String(port)} on ${host} is taken; set PORT to a free one`, {
      cause: error,
    });
  }
};

runProcess({
  name: 'api',
  environment: apiEnvironment,
  start: async (context, config) => {
    const { logger } = context;
    const app = await createApi(context, {
      eventStoreUrl: config.EVENTSTORE_URL,
      databaseUrl: config.DATABASE_URL,
      poolSize: config.DATABASE_POOL_SIZE,
      dataDir: config.VOLTRACE_DATA_DIR,
      kafka: kafkaSettingsOf(config),
      disk: new DiskReserve(config, [config.VOLTRACE_DATA_DIR], logger),
      limits: limitsOf(config),
      importMaxRows: config.IMPORT_MAX_ROWS,
      unusedFiles: unusedLimitsOf(config),
      drainMs: config.DRAIN_SECONDS * 1_000,
      liveFeeds: { inAll: config.MAX_LIVE_FEEDS, perKey: config.MAX_LIVE_FEEDS_PER_KEY },
    });
    await listen(app, config.HOST, config.PORT);
    const { ADMIN_KEY_FILE: keyFile } = config;
    if (keyFile !== undefined) await announceAdminKey(app, keyFile, logger);
    return { url: await app.getUrl() };
  },
});
