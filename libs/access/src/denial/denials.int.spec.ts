import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EsdbEventLog } from '#event-log/esdb.js';
import type { StoredEvent } from '#event-log/event-log.js';
import type { Actor } from '#kernel/event.js';
import { Logger } from '#observability/logging.js';
import { startOwnNode, type TestNode } from '#testing/test-node.js';

import { Denials } from './denials.js';

const logger = Logger.create({ app: 'test', level: 'silent' });
const actorOf = (id: string): Actor => ({ id, kind: 'apiKey', roles: ['viewer'] });
const denial = (actor: Actor, route = 'POST /v1/products') => ({
  actor,
  route,
  permission: 'products.write',
  correlationId: '5f0c2f7e-5b0e-4b0c-9a51-3f6d8e1f7a11',
});

let node: TestNode;
let log: EsdbEventLog;

beforeAll(async () => {
  node = await startOwnNode();
  log = EsdbEventLog.connect(node.url);
});
afterAll(async () => {
  await log.close();
  await node.stop();
});

const stored = async (stream: string): Promise<StoredEvent[]> => {
  const events: StoredEvent[] = [];
  for await (const event of log.readStream(stream)) events.push(event);
  return events;
};

describe('refusals of one principal', () => {
  it('are one event per route and hour, and one with the count at the end', async () => {
    let now = new Date('2026-02-11T08:10:00Z');
    const actor = actorOf('principal-1');
    const denials = new Denials(log, logger, () => now);
    for (let i = 0; i < 500; i += 1) denials.note(denial(actor));
    denials.note(denial(actor, 'GET /metrics'));
    now = new Date('2026-02-11T09:00:01Z');
    denials.note(denial(actor));
    await denials.stop();

    const [first, other, counted, ...more] = await stored('accessDenial-principal-1.2026021108');
    const route = 'POST /v1/products';
    const hour = '2026021108';
    expect(first).toMatchObject({
      type: 'AccessDenied',
      data: { route, permission: 'products.write', hour },
      metadata: { actor },
    });
    expect(other).toMatchObject({ type: 'AccessDenied', data: { route: 'GET /metrics' } });
    expect(counted).toMatchObject({
      type: 'AccessDenialsCounted',
      data: { route, hour, count: 500 },
    });
    expect(more).toEqual([]);
    expect(await stored('accessDenial-principal-1.2026021109')).toHaveLength(1);
  });

  it('are noted once by two processes, and counted by each', async () => {
    const now = () => new Date('2026-02-11T08:10:00Z');
    const both = [new Denials(log, logger, now), new Denials(log, logger, now)];
    for (const denials of both) {
      denials.note(denial(actorOf('principal-2')));
      denials.note(denial(actorOf('principal-2')));
    }
    await Promise.all(both.map((denials) => denials.stop()));
    const types = (await stored('accessDenial-principal-2.2026021108')).map(({ type }) => type);
    expect(types.sort()).toEqual(['AccessDenialsCounted', 'AccessDenialsCounted', 'AccessDenied']);
  });

  it('are noted later when the log was away', async () => {
    const denials = new Denials(log, logger, () => new Date('2026-02-11T08:10:00Z'));
    await node.kill();
    denials.note(denial(actorOf('principal-3')));
    await denials.sweep();
    await node.restart();
    await denials.stop();
    expect(await stored('accessDenial-principal-3.2026021108')).toHaveLength(1);
  });
});
