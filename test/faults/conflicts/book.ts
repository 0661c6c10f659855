import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { ApiClient, Reply } from '#test/support/client.js';

import type { LoggedEvent } from '../checks.js';
import { type Entry, ledgerFaults } from './ledger.js';

/** Between two attempts of a request that somebody else was in the way of. */
const pauseMs = 200;
export const patienceMs = 240_000;
const contentions = 20;

export interface Expected {
  /** Status and problem code, such as `412 STALE_REVISION`; `201` and `200` have no code. */
  readonly expect: readonly string[];
  readonly key?: string;
  readonly ifMatch?: number;
  readonly mayClaim?: boolean;
}

/**
 * The book of a caller: each request is repeated with its idempotency key until it has an answer, which
 * is kept and compared with the log afterwards.
 */
export class Book {
  readonly entries: Entry[] = [];
  /** What was answered otherwise than it had to be. */
  readonly unexpected: string[] = [];
  private readonly correlations = new Map<string, string>();

  /** What was answered wrongly, or is otherwise in the log than it was answered. */
  faults(log: readonly LoggedEvent[]): readonly string[] {
    return [...this.unexpected, ...ledgerFaults(this.entries, log)];
  }

  async send(
    api: ApiClient,
    path: string,
    body: object,
    { expect, key = randomUUID(), ifMatch, mayClaim = false }: Expected,
  ): Promise<Reply> {
    const correlationId = this.correlationOf(path, key, body);
    const headers = {
      'content-type': 'application/json',
      'idempotency-key': key,
      'x-correlation-id': correlationId,
      ...(ifMatch !== undefined && { 'if-match': `"${ifMatch}"` }),
    };
    const options = { method: 'POST', body: JSON.stringify(body), headers };
    let reply = await api.persist(path, options, patienceMs);
    for (let n = 0; n < contentions && reply.body['code'] === 'CONCURRENT_CHANGE'; n += 1) {
      await sleep(pauseMs);
      reply = await api.persist(path, options, patienceMs);
    }
    const { code } = reply.body;
    const answer = typeof code === 'string' ? `${reply.status} ${code}` : String(reply.status);
    const request = `${path} ${JSON.stringify(body)}`;
    if (!expect.includes(answer)) {
      this.unexpected.push(`${request}: ${reply.text}, not ${expect.join(' or ')}`);
    }
    this.entries.push({
      request,
      correlationId,
      status: reply.status,
      id: String(reply.body['id']),
      revision: Number(reply.body['revision']),
      position: String(reply.body['position']),
      mayClaim,
    });
    return reply;
  }

  /** The same for the same request, so that it has one entry's worth of events however often it was sent. */
  private correlationOf(path: string, key: string, body: object): string {
    const request = `${path} ${key} ${JSON.stringify(body)}`;
    const known = this.correlations.get(request) ?? randomUUID();
    this.correlations.set(request, known);
    return known;
  }
}
