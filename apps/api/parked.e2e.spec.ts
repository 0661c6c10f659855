import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EsdbEventLog } from '#event-log/esdb.js';
import { appendCounted } from '#subscription/projection/test/fixture.js';
import { tally } from '#subscription/projection/test/tally.js';
import { until } from '#testing/until.js';

import { type Asking, TestApi } from './api.fixture.js';

import 'reflect-metadata';

let api: TestApi;
let log: EsdbEventLog;

// A projection that fails on demand runs beside; the API knows it by its rows only.
beforeAll(async () => {
  api = await TestApi.start();
  log = EsdbEventLog.connect(api.node.url);
  const projection = tally({
    before: ({ data }) => {
      if (data['fail'] === true) throw new Error('value is not a number');
    },
  });
  await api.project(projection);
  await appendCounted(log, 1, 'tally-ill', { fail: true });
  await appendCounted(log, 2, 'tally-ill');
  await until('all are parked', async () => (await parked('tally')).length === 3);
});

afterAll(async () => {
  await log.close();
  await api.stop();
});

interface Parked {
  readonly id: string;
}

const parked = async (subscription: string): Promise<readonly Parked[]> =>
  (await api.ask(`/v1/parked?subscription=${subscription}`)).body['items'] as Parked[];

const control = async (name: string) =>
  (await api.ask(`/v1/subscriptions/${name}`)).body['control'] as {
    readonly revision: string;
    readonly outcome: string;
  } | null;

/** The outcome, when the runner has carried it out. */
const outcomeOf = async (path: string, asking: Asking): Promise<string> => {
  const { status, body } = await api.ask(path, asking);
  expect(status).toBe(202);
  const { id, revision } = body as { id: string; revision: number };
  await until('it is carried out', async () => {
    return Number((await control(id))?.revision ?? -1) >= revision;
  });
  return (await control(id))?.outcome ?? '';
};

describe('parked events over HTTP', () => {
  it('are counted in the status of the projection, which the code need not have', async () => {
    const status = async () => (await api.ask('/v1/subscriptions/tally')).body;
    await until('it has gone on', async () => (await status())['state'] === 'running');
    expect(await status()).toMatchObject({
      ...{ kind: 'projection', source: 'log', state: 'running', parked: 3, control: null },
      projection: { version: null, builtVersion: 1, activeBuild: 1, build: null },
    });
  });

  it('are listed page by page, the oldest first, with what they fail by', async () => {
    expect(await parked('imports')).toEqual([]);
    const first = await api.ask('/v1/parked?subscription=tally&limit=2');
    const cursor = String(first.body['nextCursor']);
    const second = await api.ask(`/v1/parked?subscription=tally&limit=2&cursor=${cursor}`);
    const items = [first, second].flatMap(({ body }) => body['items'] as Parked[]);
    expect(items).toMatchObject([
      {
        scope: 'build-1',
        stream: 'tally-ill',
        revision: '0',
        error: 'Error: value is not a number',
      },
      { revision: '1', error: null },
      { revision: '2', error: null },
    ]);
    expect(second.body['nextCursor']).toBeNull();
  });

  it('refuse a cursor of another list, and one that was made up', async () => {
    const cursor = String((await api.ask('/v1/parked?limit=1')).body['nextCursor']);
    const other = await api.ask(`/v1/parked?subscription=tally&cursor=${cursor}`);
    expect(other.body['code']).toBe('CURSOR_INVALID');
    const [context] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as string[];
    const forged = Buffer.from(JSON.stringify([context, 'x'])).toString('base64url');
    const refused = await api.ask(`/v1/parked?cursor=${forged}`);
    expect([refused.status, refused.body['code']]).toEqual([400, 'CURSOR_INVALID']);
  });

  it.each([
    ['retry', { subscription: 'nobody' }, 404, 'SUBSCRIPTION_NOT_FOUND'],
    ['retry', {}, 400, 'BODY_INVALID'],
    ['0/retry', {}, 404, 'PARKED_NOT_FOUND'],
    ['x/retry', {}, 404, 'PARKED_NOT_FOUND'],
    ['0/discard', { reason: 'junk' }, 404, 'PARKED_NOT_FOUND'],
    ['1/discard', {}, 400, 'BODY_INVALID'],
  ])('refuse %s with %j', async (verb, json, status, code) => {
    const refused = await api.ask(`/v1/parked/${verb}`, { json });
    expect([refused.status, refused.body['code']]).toEqual([status, code]);
  });

  it('are tried again and given up by the process of the subscription', async () => {
    const [first] = await parked('tally');
    const path = `/v1/parked/${first?.id ?? ''}`;
    expect(await outcomeOf(`${path}/retry`, { method: 'POST' })).toBe(
      '0 handled, 1 key fails again',
    );
    expect(await parked('tally')).toHaveLength(3);
    const json = { reason: 'the sensor was broken' };
    expect(await outcomeOf(`${path}/discard`, { json })).toBe('discarded; behind it 2 handled');
    expect(await parked('tally')).toEqual([]);
  });
});
