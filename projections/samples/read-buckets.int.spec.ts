import { afterAll, beforeAll, expect, it } from 'vitest';

import { readSeries } from './queries.js';
import { readBuckets } from './read-buckets.js';
import { Readings } from './readings.fixture.js';
import { samplesSchema as schema } from './samples.projection.js';

let readings: Readings;
const minute = 60_000;
const start = Date.parse('2026-05-04T00:00:00Z');

beforeAll(async () => {
  readings = await Readings.create();
  await readings.place('d1', 's', 'UTC');
  await readings.add('d1', 'long', { interval_ms: minute }, [[start, 1]]);
});
afterAll(() => readings.database.stop());

/** Two samples in the first half of each minute, or as many as are said. */
const put = (level: string, count: string, times: string) =>
  readings.pool.query(
    `insert into ${schema}.rollup_${level}
     select 1, ${count}, at, 3, 0, 1, 2, at, 1, at + interval '30 seconds', 2, 30, 0, 45, 0, 30000, 0 from ${times} as at`,
  );

/** By 61 minutes, for which no roll-ups but minutes are fit. */
const read = (from: number, to: number) =>
  readings.database.store.transaction(async (client) => {
    const edges = [];
    for (let edge = from; edge < to; edge += 61 * minute) edges.push(edge);
    const [series] = await readSeries(client, 'd1', ['long']);
    return (
      series && readBuckets(client, series, { edges: [...edges, to], zone: 'UTC', byTime: true })
    );
  });

it('reads any number of minutes, page by page', async () => {
  const until = start + 140_000 * minute;
  const last = `to_timestamp(${String(until / 1_000 - 60)})`;
  await put('minute', '2', `generate_series(timestamptz '2026-05-04 00:01Z', ${last}, '1 minute')`);
  const found = await read(start, until);
  expect(found?.resolution).toEqual(['minute']);
  const whole = found?.summaries.slice(1, -1) ?? [];
  expect(whole).toHaveLength(Math.floor(140_000 / 61) - 1);
  const same = { count: 122, sum: 183, coveredMs: 61 * minute };
  for (const one of whole) expect(one).toMatchObject(same);
}, 60_000);

it('refuses more minutes than it can read in a reasonable time, and names widths that would do', async () => {
  const times = `unnest(array['2026-01-01', '2028-01-01']::timestamptz[])`;
  await put('minute', '2', times);
  await put('hour', '600000', times);
  await expect(
    read(Date.parse('2026-01-01T00:00:00Z'), Date.parse('2028-01-02T00:00:00Z')),
  ).rejects.toMatchObject({
    code: 'TOO_MANY_SAMPLES',
    details: { errors: [{ pointer: '?bucket', reason: expect.stringContaining('such as 60m') }] },
  });
});
