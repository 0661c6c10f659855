import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { BlockList, isIPv6 } from 'node:net';

import type { HealthRegistry } from './health.js';
import type { Logger } from './logging.js';
import type { Metrics } from './metrics.js';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether an address, as a socket names its peer, is this machine. */
export const isLoopback = (address: string | undefined): boolean =>
  address !== undefined && loopback.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');

export interface Supervised {
  readonly health: HealthRegistry;
  readonly metrics: Metrics;
  readonly logger: Pick<Logger, 'warn'>;
  /** Sets what is only measured when it is asked for. Where it fails, the counters are served all the same. */
  readonly collect?: () => Promise<void> | void;
}

/** Health and metrics of a process that serves nothing else. */
export class SupervisionServer {
  private server: Server | undefined;

  constructor(private readonly supervised: Supervised) {}

  /** Serves `/health/live`, `/health/ready` and, to this machine alone, `/metrics`. Resolves with the port. */
  listen(host: string, port: number): Promise<number> {
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
    switch (request.url) {
      case '/health/live': {
        send(response, 200, 'application/json', '{"status":"up"}');
        return;
      }
      case '/health/ready': {
        const report = await this.supervised.health.report();
        const status = report.status === 'up' ? 200 : 503;
        send(response, status, 'application/json', JSON.stringify(report));
        return;
      }
      case '/metrics': {
        if (!isLoopback(request.socket.remoteAddress)) {
          send(response, 403, 'text/plain', 'metrics are served to this machine only\n');
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
