import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';

import { Authenticator } from '#access/api-key/authenticator.js';
import { Denials } from '#access/denial/denials.js';
import { installGuard } from '#access/guard.js';
import { PermissionTable } from '#access/permissions.js';
import { installBodyParsers } from '#http/body-parsers.js';
import { ProblemDetailsFilter } from '#http/problem-details.filter.js';
import { announceSlowAnswers } from '#http/processing.js';
import { installRateLimits } from '#http/rate-limits.js';
import {
  installConnectionLimits,
  installMethodAnswers,
  installRequestHooks,
  serverOptions,
} from '#http/server.js';
import type { ServerLimits } from '#http/server-limits.js';
import { BodyValidationPipe } from '#http/validation.js';
import type { ProcessContext } from '#process/process-context.js';

import { ApiModule, type ApiParts } from './api.module.js';
import { apiDocument } from './api-document.js';
import { installDocsPage } from './docs-page.js';
import { Drain } from './drain.js';
import { installFrontPage } from './front-page.js';
import { nestLogger } from './nest-logger.js';
import { RoutesReady } from './routes-ready.js';
import { StrayQueryGuard } from './stray-query.js';

export interface ApiOptions extends ApiParts {
  readonly limits: ServerLimits;
}

/**
 * The application, wired but not initialised: nothing has connected and nothing listens yet. It is closed
 * with the process, before the stores: what its modules still append then must find the log open.
 */
export const createApi = async (
  context: ProcessContext,
  options: ApiOptions,
): Promise<NestFastifyApplication> => {
  const { logger, metrics } = context;
  const { limits } = options;
  const filter = new ProblemDetailsFilter(logger, metrics, limits.refusedBodyMs);
  const adapter = new FastifyAdapter(
    serverOptions(limits, (error, request, reply) => filter.answer(error, request, reply)),
  );
  const app = await NestFactory.create<NestFastifyApplication>(
    ApiModule.over(context, options),
    adapter,
    {
      bodyParser: false,
      abortOnError: false,
      logger: nestLogger(logger),
    },
  );
  const drain = app.get(Drain);
  context.onDrain(() => drain.run());
  context.onStop(() => close(app));
  const server = adapter.getInstance();
  drain.install(server);
  installBodyParsers(server);
  installRequestHooks(server, metrics);
  announceSlowAnswers(server, limits.heartbeatMs);
  installConnectionLimits(server, limits, metrics);
  installGuard(server, {
    authenticator: app.get(Authenticator),
    limits: await installRateLimits(server, limits),
    denials: app.get(Denials),
    metrics,
    permissions: app.get(PermissionTable),
  });
  app.get(RoutesReady).whenReady = installMethodAnswers(server);
  app.useGlobalFilters(filter);
  app.useGlobalGuards(new StrayQueryGuard());
  app.useGlobalPipes(new BodyValidationPipe());
  installDocsPage(server, () => apiDocument(app));
  installFrontPage(server);
  return app;
};

/** What open requests may take to end once the process is to stop. */
const graceMs = 5_000;

/** Stops serving, and lets the modules finish. */
const close = async (app: NestFastifyApplication): Promise<void> => {
  // A connection that never sent a request, or a reader who does not read, would hold the server open.
  const cut = setTimeout(() => app.getHttpServer().closeAllConnections(), graceMs);
  await app.close().finally(() => clearTimeout(cut));
};
