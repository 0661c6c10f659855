import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { EsdbEventLog } from '#event-log/esdb.js';
import { LogTail } from '#event-log/log-tail.js';
import { eventClockVersion } from '#read-store/as-of.js';
import { ProjectionRunner } from '#read-store/projection-runner.js';
import { untilBuilt } from '#read-store/status.js';
import { appendCounted } from '#read-store/test/fixture.js';
import { tally } from '#read-store/test/tally.js';
import { until } from '#testing/until.js';

import { TestApi } from './api.fixture.js';

import 'reflect-metadata';

let api: TestApi;
let log: EsdbEventLog;
let tail: LogTail;
let runner: ProjectionRunner;

interface Parked {
  readonly id: string;
  readonly revision: string;
  readonly error: string | null;
}

// A projection that fails on demand runs beside; the API knows it by its rows only.
beforeAll(async () => {
  api = await TestApi.start();
  log = EsdbEventLog.connect(api.node.url);
  tail = new LogTail(log);
  await tail.start();
  const projection = tally({
    before: ({ data }) => {
      if (data['fail'] === true) throw new Error('value is not a number');
    },
  });
  runner = new ProjectionRunner(api.store, log, tail, [projection], { lookMs: 100 });
  await runner.start();
  await untilBuilt(api.store, [projection], 20_000);
  await appendCounted(log, 1, 'tally-ill', { fail: true });
  await appendCounted(log, 2, 'tally-ill');
  await until('all are parked', async () => (await parked()).length === 3);
});

afterAll(async () => {
  await runner.stop();
  await tail.stop();
  await log.close();
  await api.stop();
});

const parked = async (query = ''): Promise<readonly Parked[]> =>
  (await api.ask(`/v1/parked${query}`)).body['items'] as Parked[];
const outcomes = async (kind: string): Promise<(string | null)[]> => {
  const { rows } = await api.store.pool.query<{ outcome: string | null }>(
    'select outcome from read_store.request where kind = $1 order by requested_at',
    [kind],
  );
  return rows.map(({ outcome }) => outcome);
};

describe('the read models over HTTP', () => {
  it('are shown with how they stand', async () => {
    const { status, body } = await api.ask('/v1/projections');
    expect(status).toBe(200);
    const items = body['items'] as { name: string }[];
    expect(items.find(({ name }) => name === 'tally')).toMatchObject({
      version: null,
      builtVersion: 1,
      activeBuild: 1,
      parked: 3,
      build: null,
    });
    expect(items.find(({ name }) => name === 'event-clock')).toMatchObject({
      builtVersion: null,
      activeBuild: null,
      position: null,
    });
    expect(await api.ask('/v1/projections?x=1')).toMatchObject({ status: 400 });
  });

  it('are asked for anew by those who may, and only those that there are', async () => {
    const path = '/v1/projections/event-clock/rebuild';
    const json = { reason: 'a test' };
    expect(await api.ask(path, { json })).toMatchObject({
      status: 202,
      body: { projection: 'event-clock', requested: 'rebuild' },
    });
    expect(await api.ask(path, { method: 'POST' })).toMatchObject({ status: 202 });
    expect(await outcomes('rebuild')).toEqual([null, null]);
    const { key } = await api.newKey('viewer');
    expect(await api.ask(path, { json, key })).toMatchObject({ status: 403 });
    for (const reason of ['', null, 7]) {
      expect(await api.ask(path, { json: { reason } })).toMatchObject({
        status: 400,
        body: { code: 'BODY_INVALID', errors: [{ pointer: '/reason' }] },
      });
    }
    expect(await api.ask('/v1/projections/nonsense/rebuild', { json })).toMatchObject({
      status: 404,
      body: { code: 'PROJECTION_NOT_FOUND' },
    });
    expect(await outcomes('rebuild')).toHaveLength(2);
  });

  it('of another version than the running one are dropped by those who may', async () => {
    const path = '/v1/projections/event-clock/drop';
    expect(await api.ask(path, { json: { version: 7, reason: 'a test' } })).toMatchObject({
      status: 202,
      body: { projection: 'event-clock', requested: 'drop' },
    });
    expect(await api.ask(path, { json: { version: eventClockVersion.version } })).toMatchObject({
      status: 409,
      body: { code: 'PROJECTION_IN_USE' },
    });
    for (const version of [undefined, 0, 1.5, '2', 2 ** 31]) {
      expect(await api.ask(path, { json: { version } })).toMatchObject({
        status: 400,
        body: { code: 'BODY_INVALID', errors: [{ pointer: '/version' }] },
      });
    }
    const { key } = await api.newKey('viewer');
    expect(await api.ask(path, { json: { version: 7 }, key })).toMatchObject({ status: 403 });
  });
});

describe('parked events over HTTP', () => {
  it('are listed page by page, with what they fail by', async () => {
    expect(await parked('?projection=imports')).toEqual([]);
    const first = await api.ask('/v1/parked?projection=tally&limit=2');
    const cursor = String(first.body['nextCursor']);
    const second = await api.ask(`/v1/parked?projection=tally&limit=2&cursor=${cursor}`);
    const items = [first, second].flatMap(({ body }) => body['items'] as Parked[]);
    expect(items.map(({ revision, error }) => [revision, error])).toEqual([
      ['0', 'Error: value is not a number'],
      ['1', null],
      ['2', null],
    ]);
    expect(second.body['nextCursor']).toBeNull();
  });

  it('are tried again and given up, by those who may, with a reason', async () => {
    const [first] = await parked();
    const path = `/v1/parked/${first?.id ?? ''}`;
    expect(await api.ask(`${path}/retry`, { method: 'POST' })).toMatchObject({ status: 202 });
    await until('it was tried', async () => (await outcomes('retry'))[0] !== null);
    expect(await outcomes('retry')).toEqual([
      expect.stringMatching('failed again: Error: value is not a number'),
    ]);
    const json = { reason: 'the sensor was broken' };
    const { key } = await api.newKey('viewer');
    expect(await api.ask(`${path}/discard`, { json, key })).toMatchObject({ status: 403 });
    expect(await api.ask(`${path}/discard`, { json: {} })).toMatchObject({ status: 400 });
    expect(await api.ask('/v1/parked/999/discard', { json })).toMatchObject({ status: 404 });
    expect(await api.ask('/v1/parked/x/retry', { method: 'POST' })).toMatchObject({ status: 404 });
    expect(await parked()).toHaveLength(3);
    expect(await api.ask(`${path}/discard`, { json })).toMatchObject({ status: 202 });
    await until('it was given up', async () => (await outcomes('discard'))[0] !== null);
    expect(await outcomes('discard')).toEqual(['2 applied']);
    expect(await parked()).toEqual([]);
  });
});
