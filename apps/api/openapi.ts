import type { INestApplication } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';

import { defaultLimits } from '#http/server-limits.js';
import { DiskReserve } from '#observability/disk-reserve.js';
import { Logger } from '#observability/logging.js';
import { Metrics } from '#observability/metrics.js';
import { readEnvironment } from '#process/config.js';
import { diskEnvironment } from '#process/environment.js';
import { ProcessContext } from '#process/process-context.js';

import { apiDocument } from './api-document.js';
import { createApi } from './create-api.js';

/** The OpenAPI document of this version. */
export const buildOpenApi = (): Promise<OpenAPIObject> => withUnconnectedApi(apiDocument);

/** Makes an API for as long as `use` looks at it. Needs no store: nothing connects. */
export const withUnconnectedApi = async <T>(use: (app: INestApplication) => T): Promise<T> => {
  const logger = Logger.create({ app: 'openapi', level: 'silent' });
  const metrics = new Metrics({ processMetrics: false });
  const context = new ProcessContext('openapi', logger, metrics);
  const app = await createApi(context, {
    eventStoreUrl: 'esdb://127.0.0.1:1?tls=false',
    databaseUrl: 'postgres://127.0.0.1:1/none',
    poolSize: 1,
    dataDir: '.voltrace',
    disk: new DiskReserve(readEnvironment(diskEnvironment, {}), [], logger),
    limits: defaultLimits,
  });
  try {
    return use(app);
  } finally {
    await context.stop();
  }
};
