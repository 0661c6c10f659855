import { randomUUID } from 'node:crypto';

import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { count, type CounterCommand, counterDecider } from '#event-log/counter.fixture.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import type { Actor } from '#kernel/event.js';
import { Refusal } from '#kernel/refusal.js';
import { CommandObserver } from '#observability/command-observer.js';
import { Logger } from '#observability/logging.js';
import { type CommandOutcome, Metrics } from '#observability/metrics.js';
import { startTestNode, type TestNode } from '#testing/test-node.js';

import { CommandGateway, type CommandHandler } from './command-gateway.js';

const actor: Actor = { id: 'curator-1', kind: 'user', roles: ['curator'] };
const metrics = new Metrics({ processMetrics: false });
let node: TestNode;
let log: EsdbEventLog;
let server: FastifyInstance;
let address: string;

interface Body {
  readonly by: number;
  readonly reason?: string;
}

/** As a controller would: the routes of a counter, and of one whose commands have a handler of their own. */
const serve = (gateway: CommandGateway): FastifyInstance => {
  const app = fastify();
  app.decorateRequest('actor');
  app.addHook('onRequest', (request, _reply, done) => {
    request.actor = actor;
    done();
  });
  const command =
    ({ by }: Body) =>
    (meta: CounterCommand['meta']) => ({ ...count(by), meta });
  const bodyOf = (request: FastifyRequest) => request.body as Body;
  app.post('/counters', (request, reply) => {
    const body = bodyOf(request);
    return gateway.handle({ request, reply }, { on: counterDecider, body, command: command(body) });
  });
  app.post('/counters/:id/count', (request, reply) => {
    const body = bodyOf(request);
    const { id } = request.params as { id: string };
    return gateway.handle(
      { request, reply },
      { on: counterDecider, id, body, command: command(body) },
    );
  });
  const refused: CommandHandler<CounterCommand> = () => {
    throw new Refusal('COUNTER_UNKNOWN', 'not-found', 'no');
  };
  app.post('/handled/:id/count', (request, reply) => {
    const body = bodyOf(request);
    return gateway.handle(
      { request, reply },
      { on: refused, id: 'x', body, command: command(body) },
    );
  });
  return app;
};

const send = async (url: string, body: Body, headers: Record<string, string> = {}) => {
  const answer = await fetch(address + url, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  });
  const json = (await answer.json()) as Readonly<Record<string, unknown>>;
  return { headers: Object.fromEntries(answer.headers), json };
};

const eventsOf = async (id: string) => {
  const events = [];
  for await (const event of log.readStream(`counter-${id}`)) events.push(event);
  return events;
};

beforeAll(async () => {
  node = await startTestNode();
  log = EsdbEventLog.connect(node.url);
  const logger = Logger.create({ app: 'test', level: 'silent' });
  server = serve(new CommandGateway(log, new CommandObserver(logger, metrics)));
  address = await server.listen({ port: 0, host: '127.0.0.1' });
});
afterAll(async () => {
  await server.close();
  await log.close();
  await node.stop();
});

describe('a command that comes through the gateway', () => {
  it('makes a new thing, says where it is, and meets it when it is sent again', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const first = await send('/counters', { by: 2 }, key);
    const id = String(first.json['id']);
    expect(first.headers).toMatchObject({
      location: `/counters/${id}`,
      etag: '"0"',
      'command-outcome': 'accepted',
    });
    const again = await send('/counters', { by: 2 }, key);
    expect(again.json).toEqual(first.json);
    expect(again.headers['command-outcome']).toBe('repeated');
    expect(await eventsOf(id)).toHaveLength(1);
  });

  it('is stored with who sent it and why', async () => {
    const id = randomUUID();
    await send(`/counters/${id}/count`, { by: 1, reason: 'stocktaking' });
    const [event] = await eventsOf(id);
    expect(event?.data).toEqual({ by: 1 });
    expect(event?.metadata).toMatchObject({ actor, source: 'http', reason: 'stocktaking' });
  });

  it('is refused where If-Match names another revision, and lets nothing be appended', async () => {
    const id = randomUUID();
    await send(`/counters/${id}/count`, { by: 1 });
    const stale = await send(`/counters/${id}/count`, { by: 1 }, { 'if-match': '"4"' });
    expect(stale.json['message']).toContain('If-Match names revision 4');
    const held = await send(`/counters/${id}/count`, { by: 1 }, { 'if-match': '"0"' });
    expect(held.json).toMatchObject({ id, revision: 1 });
    expect(await eventsOf(id)).toHaveLength(2);
  });

  it('is counted with what became of it, by its decider or by a handler', async () => {
    const id = randomUUID();
    const countOf = async (outcome: CommandOutcome) => {
      const { values } = await metrics.commands.get();
      return values.find(({ labels }) => labels.outcome === outcome)?.value ?? 0;
    };
    const outcomes = () =>
      Promise.all((['accepted', 'unchanged', 'refused'] as const).map(countOf));
    const before = await outcomes();
    await send(`/counters/${id}/count`, { by: 3 });
    await send(`/counters/${id}/count`, { by: 0 });
    await send(`/handled/${id}/count`, { by: 1 });
    const after = await outcomes();
    expect(after.map((each, i) => each - (before[i] ?? 0))).toEqual([1, 1, 1]);
  });
});
