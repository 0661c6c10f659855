import type { OpenAPIObject } from '@nestjs/swagger';

import { defaultLimits } from '#http/server-limits.js';
import { readEnvironment } from '#observability/config.js';
import { diskEnvironment, DiskReserve } from '#observability/disk-reserve.js';
import { Logger } from '#observability/logging.js';
import { Metrics } from '#observability/metrics.js';

import { apiDocument } from './api-document.js';
import { closeApi, createApi } from './create-api.js';

/** The OpenAPI document of this version. Needs no store: nothing connects. */
export const buildOpenApi = async (): Promise<OpenAPIObject> => {
  const logger = Logger.create({ app: 'openapi', level: 'silent' });
  const app = await createApi({
    eventStoreUrl: 'esdb://127.0.0.1:1?tls=false',
    databaseUrl: 'postgres://127.0.0.1:1/none',
    poolSize: 1,
    dataDir: '.voltrace',
    logger,
    disk: new DiskReserve(readEnvironment(diskEnvironment, {}), [], logger),
    metrics: new Metrics({ processMetrics: false }),
    limits: defaultLimits,
  });
  try {
    return apiDocument(app);
  } finally {
    await closeApi(app);
  }
};
