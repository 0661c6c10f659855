import { randomUUID } from 'node:crypto';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { EsdbEventLog } from '#event-log/esdb.js';
import { appendAll, idOf, Story } from '#projections/product-catalog/story.fixture.js';

import { type Answer, TestApi } from './api.fixture.js';

let api: TestApi;
let log: EsdbEventLog;

beforeAll(async () => {
  api = await TestApi.start();
  log = EsdbEventLog.connect(api.node.url);
});
afterAll(async () => {
  await log.close();
  await api.stop();
});

const sql = (statement: string, values: unknown[] = []) => api.store.pool.query(statement, values);

/** A consumer that ran once, a minute ago, with dead letters. */
beforeEach(async () => {
  await sql(
    `insert into fanout.consumer (name, transport, state, reason, noted_at)
     values ('registry-activity', 'log', 'waiting', 'for a reason', now() - interval '1 minute')`,
  );
  await sql(
    `insert into fanout.consumer_offset
       (consumer, topic, partition, transport, next_offset, commit_position, prepare_position, end_offset, done)
     values ('registry-activity', 'voltrace.product-registry.v1', 0, 'log', 70, 70, 70, 99, 12)`,
  );
});
afterEach(() =>
  sql('delete from fanout.consumer_offset').then(() => sql('delete from fanout.consumer')),
);

const deadLetter = async (index: number): Promise<void> => {
  await sql(
    `insert into fanout.dead_letter
       (consumer, topic, partition, record_offset, fact_id, key, type, revision, commit_position,
        prepare_position, headers, value, attempts, error)
     values ('registry-activity', 'voltrace.product-registry.v1', 0, $1, $2, $3,
             'voltrace.product-registry.ElementsSet.v1', $1, $1, $1, '{}', '', 5, 'broken')`,
    [index, randomUUID(), `product-${String(index)}`],
  );
};

const errorsOf = ({ body }: Answer) =>
  (body['errors'] as readonly { readonly pointer: string }[]).map(({ pointer }) => pointer);

const path = '/v1/fanout/consumers/registry-activity';

describe('consumers over HTTP', () => {
  it('are shown with what is behind, and as down where none gave a sign of life', async () => {
    const { body } = await api.ask('/v1/fanout/consumers');
    expect(body).toEqual({
      items: [
        {
          name: 'registry-activity',
          transport: 'log',
          state: 'down',
          reason: expect.stringContaining('for a reason') as unknown,
          notedAt: expect.stringMatching(/Z$/) as unknown,
          lagSeconds: null,
          pending: null,
          deadLetters: 0,
          control: null,
          partitions: [
            {
              topic: 'voltrace.product-registry.v1',
              partition: 0,
              nextOffset: '70',
              endOffset: '99',
              position: '70',
              lagSeconds: null,
              done: 12,
              skipped: 0,
              dead: 0,
            },
          ],
        },
      ],
      nextCursor: null,
    });
    expect((await api.ask(path)).body).toEqual((body['items'] as object[])[0]);
    expect((await api.ask('/v1/fanout/consumers/nobody')).body['code']).toBe('CONSUMER_NOT_FOUND');
    expect((await api.ask('/v1/fanout/consumers?state=down')).status).toBe(400);
  });

  it('say what a reset would do, and change nothing by that', async () => {
    const story = new Story().maker('One').battery('B', 'One', null);
    // Private to the registry: no fact.
    story.add(`import-${idOf('import')}`, { type: 'ImportRetryRequested', data: { run: 1 } });
    await appendAll(log, story.events);
    await deadLetter(8);
    expect((await api.ask(`${path}/reset-preview?to=start`)).body).toEqual({
      consumer: 'registry-activity',
      to: 'start',
      facts: 2,
      deadLetters: 1,
      forgets: 'every count of GET /v1/analytics/registry-activity, which then fills anew',
    });
    expect((await api.ask(path)).body).toMatchObject({ control: null, deadLetters: 1 });
    expect((await api.ask(`${path}/reset-preview?to=70`)).body['code']).toBe(
      'RESET_FROM_START_ONLY',
    );
    expect(errorsOf(await api.ask(`${path}/reset-preview?to=now`))).toEqual(['?to']);
    expect(errorsOf(await api.ask(`${path}/reset-preview`))).toEqual(['?to']);
    const unknown = await api.ask('/v1/fanout/consumers/nobody/reset-preview?to=start');
    expect(unknown.status).toBe(404);
  });

  it('take a reset with its reason, once per key', async () => {
    const json = { to: 'start', reason: 'counts are in doubt' };
    const headers = { 'idempotency-key': randomUUID() };
    const asked = await api.ask(`${path}/reset`, { json, headers });
    expect(asked.status).toBe(202);
    expect(asked.body).toMatchObject({
      id: 'registry-activity',
      revision: expect.any(Number) as unknown,
    });
    const again = await api.ask(`${path}/reset`, { json, headers });
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
    const refused = await api.ask(`${path}/reset`, { json });
    expect(refused.status).toBe(status);
    if (pointers) expect(errorsOf(refused)).toEqual(pointers);
  });

  it('are reset to an event of the log: not beside one, nor beyond the end', async () => {
    await sql(
      "insert into fanout.consumer (name, transport, state) values ('any', 'log', 'waiting')",
    );
    const story = new Story().maker('Placed').battery('Placed', 'Placed', null);
    await appendAll(log, story.events);
    const { events } = await log.readAll({ direction: 'backwards', limit: 100 });
    const positions = events.map(({ position }) => position.commit);
    const between = positions.find((at, n) => at + 1n < (positions[n - 1] ?? 0n)) ?? 0n;
    const answers = async (to: bigint) => {
      const any = '/v1/fanout/consumers/any';
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

  it('are for operators: auditors look, viewers do not', async () => {
    const statuses = async (...roles: string[]): Promise<number[]> => {
      const { key } = await api.newKey(...roles);
      const answers = [
        await api.ask('/v1/fanout/consumers', { key }),
        await api.ask(`${path}/reset-preview?to=start`, { key }),
        await api.ask(`${path}/reset`, { key, json: { to: 'start', reason: 'x' } }),
        await api.ask('/v1/fanout/dead', { key }),
        await api.ask('/v1/fanout/dead/retry', { key, json: { consumer: 'registry-activity' } }),
        await api.ask('/v1/fanout/dead/discard', {
          key,
          json: { consumer: 'registry-activity', id: '0', reason: 'junk' },
        }),
      ];
      return answers.map(({ status }) => status);
    };
    expect(await statuses('operator')).toEqual([200, 200, 202, 200, 202, 404]);
    expect(await statuses('auditor')).toEqual([200, 403, 403, 200, 403, 403]);
    expect(await statuses('viewer')).toEqual([403, 403, 403, 403, 403, 403]);
  });
});

describe('dead letters over HTTP', () => {
  beforeEach(async () => {
    for (const index of [11, 12, 13]) await deadLetter(index);
  });

  it('come page by page, the oldest first', async () => {
    const seen: unknown[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { body } = await api.ask(`/v1/fanout/dead?limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...(body['items'] as { key: string }[]).map(({ key }) => key));
      cursor = body['nextCursor'] as string | null;
    }
    expect(seen).toEqual(['product-11', 'product-12', 'product-13']);
    const [first] = (await api.ask('/v1/fanout/dead')).body['items'] as object[];
    expect(first).toMatchObject({ attempts: 5, error: 'broken', position: '11', revision: '11' });
    const ofNobody = await api.ask('/v1/fanout/dead?consumer=nobody');
    expect([ofNobody.status, ofNobody.body['code']]).toEqual([404, 'CONSUMER_NOT_FOUND']);
  });

  it('refuse a cursor of another list, and one that was made up', async () => {
    const cursor = String((await api.ask('/v1/fanout/dead?limit=1')).body['nextCursor']);
    const other = await api.ask(`/v1/fanout/dead?consumer=registry-activity&cursor=${cursor}`);
    expect(other.body['code']).toBe('CURSOR_INVALID');
    const [context] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as string[];
    const forged = Buffer.from(JSON.stringify([context, 'x'])).toString('base64url');
    const refused = await api.ask(`/v1/fanout/dead?cursor=${forged}`);
    expect([refused.status, refused.body['code']]).toEqual([400, 'CURSOR_INVALID']);
  });

  it('are retried by id, or all of a consumer', async () => {
    const items = (await api.ask('/v1/fanout/dead')).body['items'] as {
      id: string;
      factId: string;
    }[];
    const json = { consumer: 'registry-activity', id: items[0]?.id, reason: 'corrected' };
    expect((await api.ask('/v1/fanout/dead/retry', { json })).status).toBe(202);
    const all = await api.ask('/v1/fanout/dead/retry', { json: { consumer: 'registry-activity' } });
    expect(all.status).toBe(202);
    const asked = (
      await (await api.raw('/v1/events?category=consumer&type=DeadLettersRetried')).text()
    )
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { data?: { letter: unknown } });
    expect(asked.slice(-3, -1).map(({ data }) => data?.letter)).toEqual([
      expect.objectContaining({ factId: items[0]?.factId, key: 'product-11', error: 'broken' }),
      null,
    ]);
  });

  it.each([
    [{ consumer: 'nobody' }, 404, 'CONSUMER_NOT_FOUND'],
    [{ consumer: 'registry-activity', id: '0' }, 404, 'DEAD_LETTER_NOT_FOUND'],
    [{ consumer: 'registry-activity', id: 'x' }, 400, 'BODY_INVALID'],
    [{ id: '1' }, 400, 'BODY_INVALID'],
  ])('refuse to retry %j', async (json, status, code) => {
    const refused = await api.ask('/v1/fanout/dead/retry', { json });
    expect([refused.status, refused.body['code']]).toEqual([status, code]);
  });

  it.each([
    [{ consumer: 'nobody', id: '1', reason: 'junk' }, 404, 'CONSUMER_NOT_FOUND'],
    [{ consumer: 'registry-activity', id: '0', reason: 'junk' }, 404, 'DEAD_LETTER_NOT_FOUND'],
    [{ consumer: 'registry-activity', id: '1' }, 400, 'BODY_INVALID'],
    [{ consumer: 'registry-activity', reason: 'junk' }, 400, 'BODY_INVALID'],
  ])('refuse to be discarded by %j', async (json, status, code) => {
    const refused = await api.ask('/v1/fanout/dead/discard', { json });
    expect([refused.status, refused.body['code']]).toEqual([status, code]);
  });
});
