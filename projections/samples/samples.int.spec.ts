import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { type Level, levels } from './buckets.js';
import { isSparse } from './pieces.js';
import { rollUps, SamplesDatabase, SamplesLog } from './samples-database.fixture.js';

let live: SamplesDatabase;
let other: SamplesDatabase;
beforeAll(async () => {
  [live, other] = [await SamplesDatabase.create(), await SamplesDatabase.create()];
});
beforeEach(async () => {
  await live.clear();
  await other.clear();
});
afterAll(async () => {
  await live.stop();
  await other.stop();
});

const nightOfTheClocks = Date.UTC(2026, 9, 24, 20);
/** Two days around the end of summer time, a sample each twenty seconds at the most. */
const at = fc.nat((2 * 86_400_000) / 20_000).map((step) => nightOfTheClocks + step * 20_000);
const value = fc.integer({ min: -50, max: 50 }).map((tenths) => tenths / 10);
const device = fc.constantFrom('d1', 'd2');
const zone = fc.constantFrom('Europe/Brussels', 'UTC', 'Asia/Kathmandu', 'Australia/Lord_Howe');
const quality = fc.constantFrom('good', 'uncertain', 'bad');

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('record' as const),
      device,
      taken: fc.array(fc.tuple(at, value), { minLength: 1, maxLength: 12 }),
      order: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('again' as const), which: fc.nat(100) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('correct' as const),
      which: fc.nat(100),
      value: fc.option(value),
      quality,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('zone' as const), zone }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('attach' as const), device }) },
);
const expiry = fc.record({ do: fc.constant('expire' as const), device, at });
type ValueOf<A> = A extends fc.Arbitrary<infer T> ? T : never;
type Step = ValueOf<typeof step> | ValueOf<typeof expiry>;
type Taken = readonly (readonly [number, number])[];

const told = (steps: readonly Step[]) => {
  const log = new SamplesLog();
  const chunks: { device: string; taken: Taken }[] = [];
  for (const one of steps) {
    const chunk = 'which' in one ? chunks[one.which % chunks.length] : undefined;
    if (one.do === 'record') {
      const taken = one.order ? [...one.taken].sort(([a], [b]) => a - b) : one.taken;
      chunks.push({ device: one.device, taken });
      log.record(one.device, 'A.Solar', taken);
    } else if (one.do === 'zone') {
      log.add('site-s', 'SiteTimeZoneSet', { timeZone: one.zone });
    } else if (one.do === 'attach') {
      log.add(`device-${one.device}`, 'DeviceAttached', { siteId: 's', name: 'n', at: '' });
    } else if (one.do === 'expire') {
      const before = new Date(one.at).toISOString();
      log.add(`series-${one.device}`, 'SamplesExpired', { series: 'A.Solar', before });
    } else if (chunk && one.do === 'again') {
      log.record(chunk.device, 'A.Solar', chunk.taken);
    } else if (chunk && one.do === 'correct') {
      const [taken] = chunk.taken[one.which % chunk.taken.length] ?? [0];
      log.add(`samples-${chunk.device}.20260101`, 'SampleCorrected', {
        ...{ device: chunk.device, series: 'A.Solar', at: new Date(taken).toISOString() },
        ...{ value: one.value, quality: one.quality },
      });
    }
  }
  return log.events;
};

/** The roll-up as Postgres computes it from all samples at once. */
const fromSamples = (level: Level): string => `
  with ordered as (
    select s.series_id, s.at, s.value, date_trunc('${level}', s.at, ${
      level === 'minute' || level === 'hour' ? `'UTC'` : `coalesce(p.zone, 'UTC')`
    }) as start
    from samples s join series on series.id = s.series_id
      left join devices d on d.id = series.device_id left join sites p on p.id = d.site_id
    where s.quality < 2),
  neighbours as (
    select *, lag(at) over w as before_at, lag(value) over w as before
    from ordered window w as (partition by series_id, start order by at))
  select series_id, start, count(*)::int, sum(value::numeric)::float8 as sum, min(value), max(value),
    min(at) as first_at, max(at) as last_at,
    (array_agg(value order by at))[1] as first_value, (array_agg(value order by at desc))[1] as last_value,
    coalesce(sum(before::numeric * extract(epoch from at - before_at)), 0)::float8 as hold_area,
    coalesce(sum((before + value)::numeric / 2 * extract(epoch from at - before_at)), 0)::float8 as linear_area,
    coalesce(max(extract(epoch from at - before_at) * 1000), 0)::int as max_gap_ms,
    count(*) filter (where value < before)::int as falls
  from neighbours group by series_id, start
  having count(*) > ${isSparse(level) ? '1' : '0'} order by 1, 2`;

const stored = (level: string): string => `
  select series_id, start, count, sum, min, max, first_at, last_at, first_value, last_value,
    hold_area, linear_area, max_gap_ms::int, falls from rollup_${level} order by 1, 2`;

const rounded = (rows: readonly object[]): unknown =>
  JSON.parse(JSON.stringify(rows), (_, one: unknown) =>
    typeof one === 'number' ? Math.round(one * 1e6) / 1e6 + 0 : one,
  );

/** What counts, and how often something did not: by the rules, one sample after the other. */
const byTheRules = (events: readonly { type: string; data: object }[]) => {
  const counting = new Map<string, string>();
  const removed = new Set<string>();
  const counts = { accepted: 0, duplicates: 0, conflicts: 0 };
  for (const { type, data } of events) {
    if (type === 'SampleCorrected') {
      const correction = data as Record<string, string | number | null>;
      const { device: of, at: time, value: right, quality: mark } = correction;
      const key = `${String(of)} ${String(Date.parse(String(time)))}`;
      counting.delete(key);
      if (right === null) removed.add(key);
      else {
        removed.delete(key);
        const number = ['good', 'uncertain', 'bad'].indexOf(String(mark));
        counting.set(key, `${String(right)} ${String(number)}`);
      }
    }
    if (type !== 'SamplesRecorded') continue;
    const { device: of, blocks } = data as {
      device: string;
      blocks: { t0: string; t: number[]; series: { 'A.Solar': { values: number[] } } }[];
    };
    for (const { t0, t, series } of blocks) {
      for (const [row, offset] of t.entries()) {
        const key = `${of} ${String(Date.parse(t0) + offset)}`;
        const content = `${String(series['A.Solar'].values[row])} 0`;
        if (removed.has(key)) counts.conflicts += 1;
        else if (!counting.has(key)) {
          counting.set(key, content);
          counts.accepted += 1;
        } else counts[counting.get(key) === content ? 'duplicates' : 'conflicts'] += 1;
      }
    }
  }
  return { counting: [...counting].map(([key, content]) => `${key} ${content}`).sort(), counts };
};

describe('the tables of samples', () => {
  it('hold what the rules say, and the same to the last bit however the log was cut into batches', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 25 }),
        fc.integer({ min: 1, max: 6 }),
        async (steps, size) => {
          const events = told(steps);
          await live.clear();
          await other.clear();
          await live.apply(events, size);
          await other.apply(events);
          expect(await live.dump()).toEqual(await other.dump());

          const { counting, counts } = byTheRules(events);
          const rows = await live.rows<{ line: string }>(
            `select device_id || ' ' || (extract(epoch from at) * 1000)::bigint || ' ' || value
               || ' ' || quality as line from samples join series on id = series_id`,
          );
          expect(rows.map(({ line }) => line).sort()).toEqual(counting);
          const [intake] = await live.rows(
            `select coalesce(sum(accepted), 0)::int as accepted,
               coalesce(sum(duplicates), 0)::int as duplicates,
               coalesce(sum(conflicts), 0)::int as conflicts from intake`,
          );
          expect(intake).toEqual(counts);
          for (const level of levels) {
            const right = rounded(await live.rows(fromSamples(level)));
            expect(rounded(await live.rows(stored(level)))).toEqual(right);
          }
          const ends = await live.rows(
            `select id, first_at = (select min(at) from samples where series_id = id)
               and latest_at = (select max(at) from samples where series_id = id)
               and (latest_value, latest_quality)
                 = (select value, quality from samples where series_id = id order by at desc limit 1)
               as right from series where exists (select from samples where series_id = id)`,
          );
          expect(ends).not.toContainEqual(expect.objectContaining({ right: false }));
        },
      ),
      { numRuns: 15 },
    );
  }, 120_000);

  it('say the same by minute, hour, day and month when single samples were dropped', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 15 }),
        fc.array(fc.oneof({ weight: 2, arbitrary: step }, expiry), { maxLength: 10 }),
        fc.integer({ min: 1, max: 6 }),
        at,
        async (steps, later, size, until) => {
          const events = told([
            ...steps,
            ...later,
            ...(['d1', 'd2'] as const).map((one) => ({
              ...{ do: 'expire' as const, device: one, at: until },
            })),
          ]);
          await live.clear();
          await other.clear();
          await live.apply(events.slice(0, -2), size);
          const before = await live.pieces();
          await live.apply(events.slice(-2), 1);
          expect(await live.pieces()).toEqual(before);
          await other.apply(events);
          expect(await live.dump()).toEqual(await other.dump());
          const left = await live.rows(
            `select from samples join series on id = series_id where at < expired_before`,
          );
          expect(left).toHaveLength(0);
        },
      ),
      { numRuns: 15 },
    );
  }, 120_000);

  it('are the same whatever order chunks come in, and however often', async () => {
    const chunk = fc.uniqueArray(at, { minLength: 1, maxLength: 15 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(chunk, { minLength: 1, maxLength: 10 }),
        fc.array(fc.nat(100), { maxLength: 10 }),
        fc.integer({ min: 1, max: 5 }),
        async (chunks, repeated, size) => {
          // One value for each time, whoever brings it.
          const valued = chunks.map((times) =>
            times.map((one) => [one, (one / 20_000) % 7] as const),
          );
          const inOrder = valued.flat().sort(([a], [b]) => a - b);
          const shuffled = [...valued, ...repeated.map((one) => valued[one % valued.length] ?? [])];
          await live.clear();
          await other.clear();
          await live.apply(new SamplesLog().record('d', 's', inOrder).events);
          const log = new SamplesLog();
          for (const taken of shuffled) log.record('d', 's', taken);
          await other.apply(log.events, size);
          const raw = 'select series_id, at, value, quality from samples order by 1, 2';
          expect(await other.rows(raw)).toEqual(await live.rows(raw));
          expect(await other.dump(rollUps)).toEqual(await live.dump(rollUps));
        },
      ),
      { numRuns: 15 },
    );
  }, 120_000);
});
