import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import type { HealthSettings } from './config.js';
import type { HealthRegistry } from './health.js';
import type { Logger } from './logging.js';
import type { Metrics } from './metrics.js';
import { supervisionKey } from './supervision-key.js';

export interface Supervised {
  readonly health: HealthRegistry;
  readonly metrics: Metrics;
  readonly logger: Pick<Logger, 'warn'>;
  /** Sets what is only measured when it is asked for. Where it fails, the counters are served all the same. */
  readonly collect?: () => Promise<void> | void;
}

const unauthorized =
  'metrics ask for the key in SUPERVISION_KEY_FILE: "Authorization: Bearer <key>"\n';

/** Health and metrics of a process that serves nothing else. */
export class SupervisionServer {
  private server: Server | undefined;
  private holdsKey = supervisionKey(undefined);

  constructor(private readonly supervised: Supervised) {}

  /**
   * Serves `/health/live` and `/health/ready` to everybody, the latter's details and `/metrics` to who
   * has the key. Resolves with the port; undefined where none is set and nothing is served.
   */
  async listen(settings: HealthSettings): Promise<number | undefined> {
    const { HEALTH_HOST: host, HEALTH_PORT: port } = settings;
    if (port === undefined) return undefined;
    this.holdsKey = supervisionKey(settings.SUPERVISION_KEY_FILE);
    const server = createServer({ requestTimeout: 5_000 }, (request, response) => {
      this.answer(request, response).catch((error: unknown) => {
        this.supervised.logger.warn({ error }, 'a health request failed');
        response.statusCode = 500;
        response.end();
      });
    });
    this.server = server;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => {
        const address = server.address();
        resolve(typeof address === 'object' && address ? address.port : port);
      });
    });
  }

  async close(): Promise<void> {
    const { server } = this;
    if (!server) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET') {
      send(response, 405, 'text/plain', '');
      return;
    }
    const holdsKey = this.holdsKey(request.headers.authorization);
    switch (request.url) {
      case '/health/live': {
        send(response, 200, 'application/json', '{"status":"up"}');
        return;
      }
      case '/health/ready': {
        const report = await this.supervised.health.report();
        const status = report.status === 'up' ? 200 : 503;
        // Names and errors of the stores are for who looks after the process.
        const shown = holdsKey ? report : { status: report.status };
        send(response, status, 'application/json', JSON.stringify(shown));
        return;
      }
      case '/metrics': {
        if (!holdsKey) {
          response.setHeader('www-authenticate', 'Bearer');
          send(response, 401, 'text/plain', unauthorized);
          return;
        }
        const { contentType, body } = await this.measured();
        send(response, 200, contentType, body);
        return;
      }
      default: {
        send(response, 404, 'text/plain', '');
        return;
      }
    }
  }

  private async measured(): Promise<{ contentType: string; body: string }> {
    const { metrics, logger, collect } = this.supervised;
    try {
      await collect?.();
    } catch (error) {
      // Without the stores the counters are still worth having.
      logger.warn({ error }, 'the lag is not known');
    }
    return metrics.render();
  }
}

const send = (response: ServerResponse, status: number, type: string, body: string): void => {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(body);
};
