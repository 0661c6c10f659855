import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { SupervisionSettings } from './environment.js';
import type { ProcessContext } from './process-context.js';
import { supervisionKey } from './supervision-key.js';

const unauthorized =
  'metrics ask for the key in SUPERVISION_KEY_FILE: "Authorization: Bearer <key>"\n';

/**
 * Serves `/health/live` and `/health/ready` to everybody, the latter's details and `/metrics` to who has
 * the key, until the process stops. Resolves with the port; undefined where none is set.
 */
export const serveSupervision = async (
  context: ProcessContext,
  settings: Partial<SupervisionSettings>,
): Promise<number | undefined> => {
  const { HEALTH_HOST: host, HEALTH_PORT: port } = settings;
  if (port === undefined) return undefined;
  const holdsKey = supervisionKey(settings.SUPERVISION_KEY_FILE);
  const server = createServer({ requestTimeout: 5_000 }, (request, response) => {
    const mayKnow = holdsKey(request.headers.authorization);
    answer(context, request, response, mayKnow).catch((error: unknown) => {
      context.logger.warn({ error }, 'a request for health or metrics failed');
      response.statusCode = 500;
      response.end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  context.onStop(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
};

const answer = async (
  context: ProcessContext,
  request: IncomingMessage,
  response: ServerResponse,
  mayKnow: boolean,
): Promise<void> => {
  if (request.method !== 'GET') {
    send(response, 405, 'text/plain', '');
    return;
  }
  switch (request.url) {
    case '/health/live': {
      send(response, 200, 'application/json', '{"status":"up"}');
      return;
    }
    case '/health/ready': {
      const report = await context.health.report();
      const status = report.status === 'up' ? 200 : 503;
      // Names and errors of the stores are for who looks after the process.
      const shown = mayKnow ? report : { status: report.status };
      send(response, status, 'application/json', JSON.stringify(shown));
      return;
    }
    case '/metrics': {
      if (!mayKnow) {
        response.setHeader('www-authenticate', 'Bearer');
        send(response, 401, 'text/plain', unauthorized);
        return;
      }
      const { contentType, body } = await context.renderMetrics();
      send(response, 200, contentType, body);
      return;
    }
    default: {
      send(response, 404, 'text/plain', '');
    }
  }
};

const send = (response: ServerResponse, status: number, type: string, body: string): void => {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(body);
};
