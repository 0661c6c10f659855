import { setTimeout as sleep } from 'node:timers/promises';

import { Injectable } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';

/** Whoever asked for readiness so lately asks again: a load balancer, which sends requests by the answer. */
const askedLatelyMs = 30_000;

/**
 * Between the request to stop and the end of service. Readiness is red by then, and requests are served on
 * until those who send them have noticed; where nobody asked for readiness there is nobody to wait for.
 */
@Injectable()
export class Drain {
  private askedAt = -Infinity;
  private hasBegun = false;

  constructor(private readonly ms: number) {}

  /** Somebody asked whether this process is ready. */
  asked(): void {
    this.askedAt = performance.now();
  }

  /** Resolves when no more requests are expected. */
  async run(): Promise<void> {
    this.hasBegun = true;
    if (performance.now() - this.askedAt <= askedLatelyMs) await sleep(this.ms);
  }

  /** Has each answer from then on end its connection: the next request over it would meet a closed one. */
  install(server: FastifyInstance): void {
    server.addHook('onSend', (_request, reply, _payload, done) => {
      if (this.hasBegun) reply.header('connection', 'close');
      done();
    });
  }
}
