import { afterAll, beforeAll, expect, it } from 'vitest';

import { SamplesApi } from '#apps/api/samples.fixture.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import { Logger } from '#observability/logging.js';
import { samplesSchema as schema } from '#projections/samples/samples.projection.js';
import { eventually, until } from '#testing/until.js';

import { Retention } from './retention.js';

import 'reflect-metadata';

let api: SamplesApi;
let log: EsdbEventLog;
beforeAll(async () => {
  api = await SamplesApi.start();
  log = EsdbEventLog.connect(api.api.node.url);
}, 60_000);
afterAll(async () => {
  await log.close();
  await api.stop();
});

const retention = (): Retention =>
  new Retention({
    log,
    store: api.api.store,
    logger: Logger.create({ app: 'test', level: 'silent' }),
  });

/** Four samples within a minute, of a day. */
const record = (device: string, day: string, values: readonly number[]): Promise<string> =>
  api.record(device, { t0: `${day}T12:00:00Z`, dt: 10_000, series: { v: { values } } });

const rows = async (device: string, day: string, query: string): Promise<unknown> =>
  (
    await api.get(
      `/devices/${device}/samples?series=v&from=${day}T00:00:00Z&to=${day}T23:59:00Z&${query}`,
    )
  )['items'];

const partitions = async (): Promise<readonly string[]> => {
  const { rows: found } = await api.api.store.pool.query<{ name: string }>(
    `select relname as name from pg_class join pg_namespace n on n.oid = relnamespace
      where nspname = $1 and relname ~ '^samples_[0-9]{6}$' order by 1`,
    [schema],
  );
  return found.map(({ name }) => name);
};

it('drops what is older than the days for which it is kept, once, and says so', async () => {
  const device = await api.device('meter');
  await record(device, '2026-01-10', [1, 2, 3, 6]);
  await record(device, '2026-03-09', [4]);
  const after = await record(device, '2026-03-10', [5]);
  expect(await rows(device, '2026-01-10', `after=${after}`)).toHaveLength(4);
  expect(await partitions()).toEqual(['samples_202601', 'samples_202603']);
  const now = Date.parse('2026-03-12T08:00:00Z');
  expect(await retention().expireAt(now)).toBe(0);
  const set = { series: 'v', days: 3, reason: 'the lab keeps three days' };
  const { body } = await api.post(`/devices/${device}/set-retention`, set);
  await rows(device, '2026-03-10', `after=${String(body['position'])}`);
  // By the read model as it was, after somebody wants to keep all: nothing is dropped.
  const keep = (days: number | null) =>
    api.post(`/devices/${device}/set-retention`, { series: 'v', days, reason: 'changed' });
  await keep(null);
  await retention().expireAt(now);
  expect(await rows(device, '2026-01-10', '')).toHaveLength(4);
  const { body: last } = await keep(3);
  await rows(device, '2026-03-10', `after=${String(last['position'])}`);
  // Two copies at once, and each again.
  await Promise.all([retention().expireAt(now), retention().expireAt(now)]);
  // A month is dropped where nobody reads samples just then: so nobody does until it is gone.
  await until('the empty month is dropped', async () => (await partitions()).length === 1);
  expect(await rows(device, '2026-01-10', '')).toEqual([]);
  expect(await retention().expireAt(now)).toBe(0);
  expect(await rows(device, '2026-03-09', '')).toEqual([]);
  expect(await rows(device, '2026-03-10', '')).toHaveLength(1);
  // The API did not drop them itself, and still says of late ones that they do not count.
  const late = { t0: '2026-03-09T12:00:00Z', dt: 1_000, series: { v: { values: [4, 4.5] } } };
  const { body: told } = await api.post(`/devices/${device}/samples`, late);
  expect(told).toMatchObject({ samples: 0, expired: 2 });
  expect(await partitions()).toEqual(['samples_202603']);
  // What was computed of them stays.
  const range = 'from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z&bucket=month&fn=count,sum,max';
  expect(await api.get(`/devices/${device}/samples?series=v&${range}`)).toMatchObject({
    series: [{ resolution: ['month'], buckets: [{ count: 4, sum: 12, max: 6 }] }],
  });
  const events = [];
  for await (const event of log.readStream(`series-${device}`, {})) events.push(event);
  expect(events.filter(({ type }) => type === 'SamplesExpired')).toHaveLength(1);
  expect(events.at(-1)).toMatchObject({
    ...{ type: 'SamplesExpired', data: { series: 'v', before: '2026-03-10T00:00:00.000Z' } },
    metadata: {
      actor: { id: 'retention', kind: 'system' },
      reason: 'single samples are kept for 3 days',
    },
  });
});

it('counts as expired what comes for a time that was dropped, and neither counts nor keeps it', async () => {
  const device = await api.device('late');
  await record(device, '2026-02-01', [1, 2]);
  const expire = (before: string) =>
    api.post(`/devices/${device}/expire-samples`, { series: 'v', before, reason: 'a test' });
  const refused = await expire('2099-01-01T00:00:00Z');
  expect([refused.status, refused.body['code']]).toEqual([422, 'EXPIRY_INVALID']);
  api.expectOk(await expire('2026-02-02T00:00:00Z'));
  const again = await expire('2026-02-01T12:00:00Z');
  expect(again.headers.get('command-outcome')).toBe('unchanged');
  const columns = { t0: '2026-02-01T23:59:59Z', dt: 1_000, series: { v: { values: [1, 2, 7] } } };
  const late = await api.post(`/devices/${device}/samples`, columns);
  expect(late.body).toMatchObject({ samples: 2, expired: 1, quarantined: 0, repeated: 0 });
  const after = await record(device, '2026-02-01', [1, 2, 7]);
  expect(await rows(device, '2026-02-01', `after=${after}`)).toEqual([]);
  const range = 'from=2026-02-01T00:00:00Z&to=2026-02-02T00:00:00Z&bucket=day&fn=count,sum';
  expect(await api.get(`/devices/${device}/samples?series=v&${range}`)).toMatchObject({
    series: [{ buckets: [{ count: 2, sum: 3 }] }],
  });
  expect((await api.get(`/intake?deviceId=${device}&limit=10`))['items']).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ samples: expect.objectContaining({ expired: 4 }) }),
    ]),
  );
  const correct = { series: 'v', at: '2026-02-01T12:00:00Z', value: 3, reason: 'misread' };
  const corrected = await api.post(`/devices/${device}/correct-sample`, correct);
  expect(corrected.body['code']).toBe('SAMPLES_EXPIRED');
});

it('carries out by itself what is overdue when it starts', async () => {
  const device = await api.device('old');
  const after = await record(device, '2026-01-10', [1, 2]);
  expect(await rows(device, '2026-01-10', `after=${after}`)).toHaveLength(2);
  await api.post(`/devices/${device}/set-retention`, { series: 'v', days: 1, reason: 'a test' });
  await eventually(async () => {
    const own = retention();
    own.start();
    await own.stop();
    expect(await rows(device, '2026-01-10', '')).toEqual([]);
  });
});
