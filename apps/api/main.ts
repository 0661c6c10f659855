import { setTimeout as sleep } from 'node:timers/promises';

import type { NestFastifyApplication } from '@nestjs/platform-fastify';

import { ApiKeys } from '#access/api-key/api-keys.js';
import { ensureAdminKey } from '#access/api-key/ensure-admin-key.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import { LogUnavailable } from '#event-log/event-log.js';
import { Refusal } from '#kernel/refusal.js';
import { DiskReserve } from '#observability/disk-reserve.js';
import { Logger } from '#observability/logging.js';
import { Metrics } from '#observability/metrics.js';
import { endOnStrayFailure, stopOnRequest } from '#observability/process-end.js';
import { endBehindPooler } from '#read-store/own-sessions.js';

import { closeApi, createApi } from './create-api.js';
import { type ApiSettings, kafkaSettingsOf, limitsOf, readApiSettings } from './settings.js';

const settings = readApiSettings();
const logger = Logger.create({ app: 'api', level: settings.LOG_LEVEL });
endOnStrayFailure(logger);

const start = async ({
  HOST,
  PORT,
  ...rest
}: ApiSettings): Promise<{ app: NestFastifyApplication; url: string }> => {
  endBehindPooler(rest.DATABASE_URL, logger);
  const app = await createApi({
    eventStoreUrl: rest.EVENTSTORE_URL,
    databaseUrl: rest.DATABASE_URL,
    poolSize: rest.DATABASE_POOL_SIZE,
    dataDir: rest.VOLTRACE_DATA_DIR,
    kafka: kafkaSettingsOf(rest),
    logger,
    metrics: new Metrics(),
    disk: new DiskReserve(rest, [rest.VOLTRACE_DATA_DIR], logger),
    limits: limitsOf(settings),
    importMaxRows: rest.IMPORT_MAX_ROWS,
    liveFeeds: { inAll: rest.MAX_LIVE_FEEDS, perKey: rest.MAX_LIVE_FEEDS_PER_KEY },
  });
  try {
    await app.listen({ port: PORT, host: HOST });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    logger.fatal({ host: HOST, port: PORT }, 'PORT is taken: stop what listens there, or set PORT');
    process.stderr.write(`PORT ${String(PORT)} on ${HOST} is taken; set PORT to a free one.\n`);
    process.exit(1);
  }
  return { app, url: await app.getUrl() };
};

/** Waits for the log for as long as it takes: without it nobody could be let in anyway. */
const announceAdminKey = async (app: NestFastifyApplication, file: string): Promise<void> => {
  for (;;) {
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
      await sleep(500);
    }
  }
};

const { app, url } = await start(settings);
stopOnRequest(logger, () => closeApi(app));
if (settings.ADMIN_KEY_FILE !== undefined) await announceAdminKey(app, settings.ADMIN_KEY_FILE);
logger.info({ url }, 'ready');
process.send?.({ type: 'ready', url });
