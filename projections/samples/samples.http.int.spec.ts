import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { LogTail } from '#event-log/log-tail.js';
import { ResourceReader } from '#resource/reader.js';
import { ResourceApp } from '#resource/test/resource-app.js';
import { describeSharedCases, sharedCase, sharedSamples } from '#series/shared-cases.fixture.js';

import { LatestController } from './latest.http.js';
import { Readings } from './readings.fixture.js';
import { DeviceSamplesController } from './samples.http.js';

let readings: Readings;
let app: ResourceApp;

const device = 'd1';
const minute = 60_000;
const start = Date.parse('2026-05-04T00:00:00Z');

/** A value for each minute of three days: the number of the minute in its hour; none in the hour from 10 to 11. */
const minutes = Array.from({ length: 3 * 1_440 }, (_, index) => [
  start + index * minute,
  index % 60,
]).filter(([at = 0]) => Math.floor(at / 3_600_000) % 24 !== 10) as [number, number][];

beforeAll(async () => {
  readings = await Readings.create();
  await readings.place(device, 's', 'UTC');
  await readings.add(device, 'power', { interval_ms: minute }, minutes);
  await readings.add(device, 'steady', {}, minutes);
  await readings.add(device, 'temperature', { unit: 'degC', interpolation: 'linear' }, [
    [start, 20],
    [start + minute, 22],
  ]);
  await readings.add(device, 'total', { kind: 'total', unit: 'kWh' }, [
    [start, 5],
    [start + minute, 7],
    [start + 3 * minute, 1],
  ]);
  await readings.add(device, 'mode', { value_type: 'text', kind: 'text', unit: null }, [
    [start, 'eco'],
    [start + minute, 'fast'],
  ]);
  const { store } = readings.database;
  const tail = new LogTail({} as never);
  const reader = new ResourceReader(store, {} as never, tail, () => Promise.resolve(new Map()));
  app = await ResourceApp.start(reader, {
    controllers: [DeviceSamplesController, LatestController],
  });
});
afterAll(async () => {
  await app.stop();
  await readings.database.stop();
});

interface Bucket {
  readonly start: string;
  readonly coverage: number | null;
  readonly [fn: string]: unknown;
}
interface Read {
  readonly series: readonly {
    readonly [member: string]: unknown;
    readonly resolution: readonly string[];
    readonly buckets: readonly Bucket[];
  }[];
  readonly items: readonly {
    readonly series: string;
    readonly value: unknown;
    readonly at: string;
  }[];
  readonly nextCursor: string | null;
  readonly code: string;
}

const get = async (query: string, path = `/v1/devices/${device}/samples`): Promise<Read> =>
  (await app.get(`${path}?${query}`)).body as unknown as Read;
const bucketsOf = async (query: string) => {
  const [series] = (await get(query)).series;
  if (!series) throw new Error(JSON.stringify(await get(query)));
  return series;
};
const day = 'from=2026-05-04T00:00:00Z&to=2026-05-05T00:00:00Z';

describe('buckets', () => {
  it('come from roll-ups where those say the same, and the answer names them', async () => {
    const wanted = 'fn=avg,twa,min,max,count,first,last,sum';
    const read = await bucketsOf(`series=steady&${day}&bucket=6h&${wanted}`);
    expect(read.resolution).toEqual(['hour']);
    expect(read).toMatchObject({
      unit: 'kW',
      kind: 'gauge',
      interpolation: 'hold',
      declared: true,
    });
    expect(read.buckets[0]).toEqual({
      ...{ start: '2026-05-04T00:00:00.000Z', end: '2026-05-04T06:00:00.000Z', coverage: 1 },
      ...{ avg: 29.5, twa: 29.5, min: 0, max: 59, count: 360, first: 0, last: 59, sum: 10_620 },
    });
  });

  it.each(['hour', '30m', '90s', 'day'])(
    'of %s say the same from roll-ups as from samples',
    async (bucket) => {
      const fns = 'fn=avg,twa,min,max,count,first,last,sum,delta,integral';
      for (const series of ['power', 'steady', 'total']) {
        const fine = await bucketsOf(`series=${series}&${day}&bucket=${bucket}&${fns}`);
        // A millisecond earlier, where there are no samples, fits no roll-up.
        const raw = await bucketsOf(
          `series=${series}&from=2026-05-03T23:59:59.999Z&to=2026-05-05T00:00:00Z&bucket=${bucket}&${fns}`,
        );
        expect(raw.resolution).toEqual(['raw']);
        expect(fine.buckets).toEqual(raw.buckets.slice(1));
      }
    },
  );

  it('look into what has a hole, and only there', async () => {
    const read = await bucketsOf(`series=power&${day}&bucket=day&fn=integral,twa`);
    expect(read.resolution).toEqual(['hour']);
    expect(read.buckets[0]).toMatchObject({ coverage: 23 / 24, twa: 29.5, integral: 29.5 * 23 });
    const hours = await bucketsOf(`series=power&${day}&bucket=hour&fn=avg,twa,count`);
    expect(hours.buckets[10]).toMatchObject({ coverage: 0, avg: null, twa: null, count: 0 });
  });

  it('look into samples where minutes do not tell, and say where those were dropped', async () => {
    // Ten seconds are expected, so that each minute has holes.
    await readings.add(device, 'fast', { interval_ms: 10_000 }, [
      [start, 1],
      [start + 10_000, 3],
      [start + 50_000, 5],
    ]);
    const query = `series=fast&from=2026-05-04T00:00:00Z&to=2026-05-04T00:01:00Z&bucket=1m`;
    const kept = await bucketsOf(`${query}&fn=avg,twa`);
    expect(kept).toMatchObject({
      resolution: ['raw'],
      buckets: [{ avg: 3, twa: 3, coverage: 0.5 }],
    });
    await readings.expire('fast', '2026-05-05T00:00:00Z');
    expect((await get(`${query}&fn=twa`)).code).toBe('SAMPLES_EXPIRED');
    const left = await bucketsOf(`${query}&fn=avg,max`);
    expect(left).toMatchObject({
      resolution: ['minute'],
      buckets: [{ avg: 3, max: 5, coverage: null }],
    });
  });

  it('of a total right behind what was dropped count what it grew by since, and no more', async () => {
    const from = Date.parse('2026-03-02T00:00:00Z');
    const after = from + 24 * 3_600_000;
    // It grows by one a minute, and starts again half an hour behind the expiry.
    await readings.add(device, 'dropped', { kind: 'total' }, [
      ...Array.from(
        { length: 30 * 60 },
        (_, at) => [from + at * minute, at < 24.5 * 60 ? 1_000 + at : at - 24.5 * 60] as const,
      ),
    ]);
    await readings.expire('dropped', new Date(after).toISOString());
    const read = async (start: number) =>
      (
        await bucketsOf(
          `series=dropped&from=${new Date(start).toISOString()}&to=2026-03-03T02:00:00Z&bucket=hour&fn=delta`,
        )
      ).buckets.map(({ delta }) => delta);
    // The last minute before tells where it stood.
    expect(await read(after)).toEqual([59, 60]);
    expect(await read(after + 30_000)).toEqual([58, 60]);
  });

  it('are filled where that is wanted, and say so', async () => {
    const filled = async (fill: string, fn = 'max', series = 'power') =>
      (await bucketsOf(`series=${series}&${day}&bucket=hour&fn=${fn}&fill=${fill}`)).buckets[10];
    expect(await filled('previous')).toMatchObject({ max: 59, filled: ['max'], coverage: 0 });
    expect(await filled('zero', 'max,integral')).toMatchObject({ max: 0, integral: 0 });
    // No sample came, and what came before still held: only sums are known to be nothing.
    expect(await filled('zero', 'avg,twa,sum,delta,count', 'steady')).toMatchObject({
      ...{ avg: null, twa: 59, sum: 0, delta: 0, count: 0, filled: ['sum', 'delta'] },
    });
    const refused = await get(`series=power&${day}&bucket=hour&fn=avg,sum,count&fill=previous`);
    expect(refused).toMatchObject({
      code: 'QUERY_INVALID',
      errors: [{ pointer: '?fill', reason: expect.stringContaining('zero with sum: only avg') }],
    });
  });

  it('are in the unit that is wanted', async () => {
    const read = await bucketsOf(
      `series=temperature&from=2026-05-04T00:00:00Z&to=2026-05-04T00:02:00Z&bucket=2m&unit=K&fn=avg,delta,sum`,
    );
    expect(read.buckets[0]).toMatchObject({ avg: 21 + 273.15, delta: 2, sum: 42 + 2 * 273.15 });
    expect((await get(`series=power&${day}&bucket=day&unit=kWh`)).code).toBe('UNIT_MISMATCH');
    const energy = await bucketsOf(`series=power&${day}&bucket=day&fn=integral&unit=MJ`);
    expect(energy.buckets[0]?.['integral']).toBeCloseTo(29.5 * 23 * 3.6, 9);
  });

  it('of a total count what comes after a reset', async () => {
    const read = await bucketsOf(`series=total&${day}&bucket=day&fn=delta`);
    expect(read).toMatchObject({ resolution: ['raw'], resets: 1, badReadings: 0 });
    expect(read.buckets[0]?.['delta']).toBe(2 + 1);
  });

  it('are refused where there are too many, of texts, and of what is not there', async () => {
    expect((await get(`series=power&${day}&bucket=1s`)).code).toBe('TOO_MANY_BUCKETS');
    expect((await get(`series=mode&${day}&bucket=day`)).code).toBe('SERIES_IS_TEXT');
    expect((await get(`series=wind&${day}&bucket=day`)).code).toBe('SERIES_UNKNOWN');
    expect((await get(`series=power&${day}&bucket=fortnight`)).code).toBe('QUERY_INVALID');
    // What says how buckets are made is not passed over where there are none.
    for (const idle of ['fn=max', 'fill=zero', 'tz=UTC'])
      expect((await get(`series=power&${day}&${idle}`)).code).toBe('QUERY_INVALID');
  });
});

describe('single samples', () => {
  it('of several series are paged by time, each once', async () => {
    const query = `series=total,mode&${day}&limit=2`;
    const seen: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Read = await get(`${query}${cursor && `&cursor=${cursor}`}`);
      seen.push(...page.items.map(({ series, value }) => [series, value]));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual([
      ...[
        ['total', 5],
        ['mode', 'eco'],
        ['total', 7],
        ['mode', 'fast'],
        ['total', 1],
      ],
    ]);
  });

  it('are exported as CSV, NDJSON and Parquet', async () => {
    const path = `/v1/devices/${device}/samples?series=total,mode&${day}`;
    const csv = await app.get(`${path}&format=csv`);
    expect(csv.text.split('\r\n').slice(0, 3)).toEqual([
      'series,at,value,text,quality',
      'total,2026-05-04T00:00:00.000Z,5,,good',
      'mode,2026-05-04T00:00:00.000Z,,eco,good',
    ]);
    const lines = (await app.get(path, { accept: 'application/x-ndjson' })).text.trim().split('\n');
    expect(lines).toHaveLength(5);
    const parquet = await app.get(`${path}&format=parquet`);
    expect([parquet.text.slice(0, 4), parquet.text.slice(-4)]).toEqual(['PAR1', 'PAR1']);
  });
});

it('answers the newest samples, gaps and what is silent', async () => {
  const latest = await get('', `/v1/devices/${device}/latest`);
  expect(latest.items.find(({ series }) => series === 'mode')).toMatchObject({
    ...{ value: 'fast', at: '2026-05-04T00:01:00.000Z', quality: 'good' },
  });
  const ofSite = await get('site=s&limit=3', '/v1/latest');
  expect([ofSite.items.length, (await get('site=other', '/v1/latest')).items.length]).toEqual([
    3, 0,
  ]);
  const gaps = await get(`series=power&${day}`, `/v1/devices/${device}/gaps`);
  expect(gaps.series[0]).toMatchObject({
    gaps: [{ from: '2026-05-04T09:59:00.000Z', to: '2026-05-04T11:00:00.000Z', ms: 61 * minute }],
  });
  const stale = await get('', '/v1/devices/stale');
  expect(stale.items.map(({ series }) => series)).toEqual(['power', 'fast']);
});

describeSharedCases('shared cases over HTTP', () => {
  const read = async (file: string, rules: object, query: string) => {
    const series = file.replace('.csv', '');
    await readings.add(device, series, rules, sharedSamples(file));
    return bucketsOf(`series=${series}&${query}`);
  };

  it('are answered as they should be', async () => {
    const falls = 'counter-drops-to-zero-and-returns.csv';
    const september = 'from=2026-09-01T00:00:00Z&to=2026-10-01T00:00:00Z&bucket=month&fn=delta';
    const total = await read(falls, { kind: 'total' }, september);
    expect(total.buckets[0]?.['delta']).toBeCloseTo(sharedCase(falls).delta, 9);
    expect(total['badReadings']).toBe(sharedCase(falls).bad_readings);

    const holes = 'three-hours-missing.csv';
    const power = await read(holes, { interval_ms: minute }, `${day}&bucket=day&fn=integral`);
    expect(power.buckets[0]?.['integral']).toBeCloseTo(sharedCase(holes).energy_kWh, 9);
    expect((power.buckets[0]?.coverage ?? 0) * 24).toBeCloseTo(sharedCase(holes).covered_hours, 9);

    const changes = 'changes-only.csv';
    const held = await read(changes, {}, `${day}&bucket=day&fn=twa`);
    expect(held.buckets[0]?.['twa']).toBeCloseTo(sharedCase(changes).twa_hold, 8);

    const clocks = 'half-hour-of-summer-time.csv';
    const zone = sharedCase(clocks).zone ?? '';
    const days = await read(
      ...([
        clocks,
        {},
        `from=2026-04-03T13:00:00Z&to=2026-04-05T13:30:00Z&bucket=day&fn=count,sum&tz=${zone}`,
      ] as const),
    );
    expect(
      Object.fromEntries(days.buckets.map(({ start: at, count, sum }) => [at, { count, sum }])),
    ).toEqual(sharedCase(clocks).days);
  });
});
