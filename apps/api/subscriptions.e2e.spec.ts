import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EsdbEventLog } from '#event-log/esdb.js';
import { appendAll, idOf, Story } from '#projections/product-catalog/story.fixture.js';
import { eventClockVersion } from '#read-store/as-of.js';

import { type Answer, TestApi } from './api.fixture.js';

import 'reflect-metadata';

let api: TestApi;
let log: EsdbEventLog;

const topic = 'voltrace.product-registry.v1';
const subscriptions = '/v1/subscriptions';
const activity = `${subscriptions}/registry-activity`;

// A consumer ran a minute ago, and has a parked event.
beforeAll(async () => {
  api = await TestApi.start();
  log = EsdbEventLog.connect(api.node.url);
  await sql(
    `insert into subscription.subscription (name, kind, source, state, reason, noted_at)
     values ('registry-activity', 'consumer', 'log', 'waiting', 'for a reason', now() - interval '1 minute')`,
  );
  await sql(
    `insert into subscription.checkpoint
       (subscription, scope, source, next_offset, commit_position, prepare_position, end_offset, events, done)
     values ('registry-activity', $1, 'log', 70, 70, 70, 99, 20, 12)`,
    [topic],
  );
  await sql(
    `insert into subscription.parked
       (subscription, scope, event_id, key, type, revision, commit_position, prepare_position, record_offset,
        attempts, error)
     values ('registry-activity', $1, $2, 'product-8', 'voltrace.product-registry.ElementsSet.v1', 8, 8, 8, 8,
             5, 'broken')`,
    [topic, randomUUID()],
  );
});

afterAll(async () => {
  await log.close();
  await api.stop();
});

const sql = (statement: string, values: unknown[] = []) => api.store.pool.query(statement, values);

/** What was recorded for the processes, the newest last. */
const requests = async (type: string) => {
  const answer = await api.raw(`/v1/events?category=subscription&type=${type}`);
  const lines = (await answer.text()).trim().split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as { stream: string; data: Record<string, unknown> });
};

const pointersOf = ({ body }: Answer) =>
  (body['errors'] as readonly { readonly pointer: string }[]).map(({ pointer }) => pointer);

describe('subscriptions over HTTP', () => {
  it('are listed with their state, whether they ever ran or not', async () => {
    const { status, body } = await api.ask(subscriptions);
    expect(status).toBe(200);
    const items = body['items'] as { name: string }[];
    const named = (name: string) => items.find((item) => item.name === name);
    expect(named('event-clock')).toMatchObject({
      ...{ kind: 'projection', state: 'outdated', notedAt: null, partitions: [] },
      projection: { builtVersion: null, activeBuild: null, position: null },
    });
    expect(named('assign-codes')).toMatchObject({
      ...{ kind: 'process', state: 'down', reason: 'it has never run', projection: null },
    });
    expect(named('registry-activity')).toEqual({
      ...{ name: 'registry-activity', kind: 'consumer', source: 'log', state: 'down' },
      reason: expect.stringMatching(/^it recorded nothing since .*: for a reason$/) as unknown,
      notedAt: expect.stringMatching(/Z$/) as unknown,
      ...{ lagSeconds: null, pending: null, parked: 1, control: null, projection: null },
      partitions: [
        {
          ...{ scope: topic, partition: 0, state: 'running', nextOffset: '70', endOffset: '99' },
          ...{ position: '70', lagSeconds: null, events: 20, done: 12, skipped: 0 },
        },
      ],
    });
    expect((await api.ask(activity)).body).toEqual(named('registry-activity'));
    expect((await api.ask(`${subscriptions}/nobody`)).body['code']).toBe('SUBSCRIPTION_NOT_FOUND');
    expect((await api.ask(`${subscriptions}?state=down`)).status).toBe(400);
    expect((await api.ask(`${activity}?x=1`)).status).toBe(400);
  });

  it('have their projections rebuilt and their old versions dropped', async () => {
    const json = { reason: 'a test' };
    const clock = `${subscriptions}/event-clock`;
    expect(await api.ask(`${clock}/rebuild`, { json })).toMatchObject({
      status: 202,
      body: { id: 'event-clock', revision: 0 },
    });
    expect((await api.ask(`${clock}/rebuild`, { method: 'POST' })).status).toBe(202);
    const { version } = eventClockVersion;
    expect((await requests('ProjectionRebuildRequested')).map(({ data }) => data)).toEqual([
      { version },
      { version },
    ]);
    expect((await api.ask(`${clock}/drop`, { json: { version: version + 1 } })).status).toBe(202);
    const inUse = await api.ask(`${clock}/drop`, { json: { version } });
    expect([inUse.status, inUse.body['code']]).toEqual([409, 'PROJECTION_IN_USE']);
    for (const none of [undefined, 0, 1.5, '2', 2 ** 31]) {
      expect(pointersOf(await api.ask(`${clock}/drop`, { json: { version: none } }))).toEqual([
        '/version',
      ]);
    }
    for (const reason of ['', null, 7]) {
      expect(pointersOf(await api.ask(`${clock}/rebuild`, { json: { reason } }))).toEqual([
        '/reason',
      ]);
    }
    const codes = async (verb: string, body: object) =>
      Promise.all(
        ['nobody', 'registry-activity'].map(async (name) => {
          const answer = await api.ask(`${subscriptions}/${name}/${verb}`, { json: body });
          return [answer.status, answer.body['code']];
        }),
      );
    const refused = [
      [404, 'SUBSCRIPTION_NOT_FOUND'],
      [409, 'NOT_A_PROJECTION'],
    ];
    expect(await codes('rebuild', json)).toEqual(refused);
    expect(await codes('drop', { version: 7 })).toEqual(refused);
  });

  it('are paused and resumed', async () => {
    for (const [verb, type] of [
      ['pause', 'SubscriptionPaused'],
      ['resume', 'SubscriptionResumed'],
    ] as const) {
      expect((await api.ask(`${activity}/${verb}`, { method: 'POST' })).status).toBe(202);
      expect(await requests(type)).toMatchObject([
        { stream: 'subscription-registry-activity', data: { version: 0 } },
      ]);
      const nobody = await api.ask(`${subscriptions}/nobody/${verb}`, { method: 'POST' });
      expect(nobody.body['code']).toBe('SUBSCRIPTION_NOT_FOUND');
    }
  });

  it('have their parked events retried one by one, or all', async () => {
    const { body } = await api.ask('/v1/parked?subscription=registry-activity');
    const [event] = body['items'] as { id: string; eventId: string; stream: string }[];
    const path = `/v1/parked/${event?.id ?? ''}/retry`;
    expect((await api.ask(path, { json: { reason: 'corrected' } })).status).toBe(202);
    const json = { subscription: 'registry-activity' };
    expect((await api.ask('/v1/parked/retry', { json })).status).toBe(202);
    const asked = await requests('ParkedEventsRetried');
    const { eventId, stream: key } = event ?? {};
    expect(asked.slice(-2).map(({ data }) => data['parked'])).toEqual([
      expect.objectContaining({ scope: topic, eventId, key, error: 'broken' }),
      null,
    ]);
  });

  it('say what a reset would do, and change nothing by that', async () => {
    const story = new Story().maker('One').battery('B', 'One', null);
    // Private to the registry: not published.
    story.add(`import-${idOf('import')}`, { type: 'ImportRetryRequested', data: { run: 1 } });
    await appendAll(log, story.events);
    const before = (await api.ask(activity)).body;
    expect((await api.ask(`${activity}/reset-preview?to=start`)).body).toEqual({
      ...{ subscription: 'registry-activity', to: 'start', events: 2, parked: 1 },
      forgets: 'every count of GET /v1/analytics/registry-activity, which then fills anew',
    });
    expect((await api.ask(activity)).body).toMatchObject({ control: before['control'], parked: 1 });
    const toPosition = await api.ask(`${activity}/reset-preview?to=70`);
    expect(toPosition.body['code']).toBe('RESET_FROM_START_ONLY');
    expect(pointersOf(await api.ask(`${activity}/reset-preview?to=now`))).toEqual(['?to']);
    expect(pointersOf(await api.ask(`${activity}/reset-preview`))).toEqual(['?to']);
    const unknown = await api.ask(`${subscriptions}/nobody/reset-preview?to=start`);
    expect(unknown.status).toBe(404);
    const projection = await api.ask(`${subscriptions}/event-clock/reset-preview?to=start`);
    expect([projection.status, projection.body['code']]).toEqual([409, 'RESET_OF_PROJECTION']);
  });

  it('take a reset with its reason, once per key', async () => {
    const json = { to: 'start', reason: 'counts are in doubt' };
    const headers = { 'idempotency-key': randomUUID() };
    const asked = await api.ask(`${activity}/reset`, { json, headers });
    expect(asked).toMatchObject({ status: 202, body: { id: 'registry-activity' } });
    const again = await api.ask(`${activity}/reset`, { json, headers });
    expect(again.body['revision']).toBe(asked.body['revision']);
    expect(again.headers.get('command-outcome')).toBe('repeated');
  });

  it.each([
    [{ to: 'start' }, 400, ['/reason']],
    [{ to: 'start', reason: '' }, 400, ['/reason']],
    [{ to: 70, reason: 'x' }, 400, ['/to']],
    [{ to: 'yesterday', reason: 'x' }, 400, ['/to']],
    [{ to: '007', reason: 'x' }, 409, undefined],
    [{ to: 'start', reason: 'x', force: true }, 400, ['/force']],
  ])('refuse the reset %j', async (json, status, pointers) => {
    const refused = await api.ask(`${activity}/reset`, { json });
    expect(refused.status).toBe(status);
    if (pointers) expect(pointersOf(refused)).toEqual(pointers);
  });

  it('are reset to an event of the log: not beside one, nor beyond the end', async () => {
    const story = new Story().maker('Placed').battery('Placed', 'Placed', null);
    await appendAll(log, story.events);
    const { events } = await log.readAll({ direction: 'backwards', limit: 100 });
    const positions = events.map(({ position }) => position.commit);
    const between = positions.find((at, n) => at + 1n < (positions[n - 1] ?? 0n)) ?? 0n;
    const answers = async (to: bigint) => {
      const any = `${subscriptions}/assign-codes`;
      const preview = await api.ask(`${any}/reset-preview?to=${String(to)}`);
      const reset = await api.ask(`${any}/reset`, { json: { to: String(to), reason: 'x' } });
      return [preview, reset].map(({ status, body }) => [status, body['code'], body['errors']]);
    };
    expect(await answers(between + 1n)).toMatchObject([
      [400, 'POSITION_INVALID', [{ pointer: '?to' }]],
      [400, 'POSITION_INVALID', [{ pointer: '/to' }]],
    ]);
    expect((await answers(2n ** 60n)).map(([status, code]) => [status, code])).toEqual([
      [422, 'POSITION_AHEAD'],
      [422, 'POSITION_AHEAD'],
    ]);
    for (const to of [0n, between]) {
      expect((await answers(to)).map(([status]) => status)).toEqual([200, 202]);
    }
  });

  it('are for operators: auditors read, viewers do not', async () => {
    const json = { reason: 'x' };
    const statuses = async (...roles: string[]): Promise<number[]> => {
      const { key } = await api.newKey(...roles);
      const clock = `${subscriptions}/event-clock`;
      const answers = [
        await api.ask(subscriptions, { key }),
        await api.ask('/v1/parked', { key }),
        await api.ask(`${activity}/reset-preview?to=start`, { key }),
        await api.ask(`${activity}/reset`, { key, json: { to: 'start', ...json } }),
        await api.ask(`${activity}/pause`, { key, json }),
        await api.ask(`${activity}/resume`, { key, json }),
        await api.ask(`${clock}/rebuild`, { key, json }),
        await api.ask(`${clock}/drop`, { key, json: { version: 7 } }),
        await api.ask('/v1/parked/retry', { key, json: { subscription: 'registry-activity' } }),
        await api.ask('/v1/parked/0/retry', { key, json }),
        await api.ask('/v1/parked/0/discard', { key, json }),
      ];
      return answers.map(({ status }) => status);
    };
    const forbidden = Array.from({ length: 9 }, () => 403);
    expect(await statuses('operator')).toEqual([
      ...[200, 200, 200, 202, 202, 202, 202, 202, 202, 404, 404],
    ]);
    expect(await statuses('auditor')).toEqual([200, 200, ...forbidden]);
    expect(await statuses('viewer')).toEqual([403, 403, ...forbidden]);
  });
});
