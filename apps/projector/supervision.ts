import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { BlockList, isIPv6 } from 'node:net';

import { Injectable } from '@nestjs/common';

import { EsdbEventLog } from '#event-log/esdb.js';
import { LogTail } from '#event-log/log-tail.js';
import { HealthRegistry, progressHealth } from '#observability/health.js';
import { Logger } from '#observability/logging.js';
import { Metrics } from '#observability/metrics.js';
import { projections } from '#projections/all.js';
import { ReadStore } from '#read-store/read-store.js';

import { ProjectionMetrics } from './projection-metrics.js';

/** A projection that stands for so long is not well; a batch may take its time. */
const maxSilenceMs = 45_000;

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether an address, as a socket names its peer, is this machine. */
export const isLoopback = (address: string | undefined): boolean =>
  address !== undefined && loopback.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');

/** Health by progress, and metrics, for those who look after the process. */
@Injectable()
export class Supervision {
  private readonly health = new HealthRegistry();
  private server: Server | undefined;

  constructor(
    private readonly metrics: Metrics,
    private readonly observer: ProjectionMetrics,
    private readonly store: ReadStore,
    private readonly log: EsdbEventLog,
    private readonly logger: Logger,
    tail: LogTail,
  ) {
    this.health.register('event-log', () => progressHealth(tail.status(), new Date()));
    this.health.register('read-store', async () => {
      await store.pool.query('select 1');
      return { status: 'up' };
    });
    for (const { name } of projections) {
      this.health.register(`projection ${name}`, () =>
        progressHealth(
          { connected: true, lastProgressAt: observer.lastProgressAt(name) },
          new Date(),
          maxSilenceMs,
        ),
      );
    }
  }

  /** Serves `/health/live`, `/health/ready` and, to this machine alone, `/metrics`. Resolves with the port. */
  listen(host: string, port: number): Promise<number> {
    const server = createServer({ requestTimeout: 5_000 }, (request, response) => {
      this.answer(request, response).catch((error: unknown) => {
        this.logger.warn({ error }, 'a health request failed');
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
        const report = await this.health.report();
        const status = report.status === 'up' ? 200 : 503;
        send(response, status, 'application/json', JSON.stringify(report));
        return;
      }
      case '/metrics': {
        if (!isLoopback(request.socket.remoteAddress)) {
          send(response, 403, 'text/plain', 'metrics are served to this machine only\n');
          return;
        }
        // Without the stores the counters are still worth having.
        await this.observer
          .collectLag(this.store, this.log, projections)
          .catch((error: unknown) => this.logger.warn({ error }, 'the lag is not known'));
        const { contentType, body } = await this.metrics.render();
        send(response, 200, contentType, body);
        return;
      }
      default: {
        send(response, 404, 'text/plain', '');
        return;
      }
    }
  }
}

const send = (response: ServerResponse, status: number, type: string, body: string): void => {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(body);
};
