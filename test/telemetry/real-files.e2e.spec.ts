import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { upTopic } from '#device-link/topics.js';
import { seeded, shuffled } from '#test/support/seeded.js';
import { projectRoot } from '#testing/build.js';

import type { Bucketed } from './device-reading.js';
import { messagesOf, rowsOf } from './messages.js';
import { SamplesSystem } from './samples-system.js';

const root = process.env['VOLTRACE_DATA'] ?? join(projectRoot, '..', 'shared', 'data');
const folder = join(root, 'telemetry');
const isThere = existsSync(folder);
if (!isThere) console.warn(`skipped: no measurements of others in ${folder} (VOLTRACE_DATA)`);

const hourMs = 3_600_000;
const minuteMs = 60_000;
const iso = (at: number): string => new Date(at).toISOString();

let system: SamplesSystem;
beforeAll(async () => {
  if (isThere) system = await SamplesSystem.start({ MQTT_MESSAGES_PER_SECOND: '1000000' });
});
afterAll(async () => {
  if (isThere) await system.stop();
});

/** Lines of a file in cells, the titles first. */
const tableOf = (file: string): readonly (readonly string[])[] =>
  readFileSync(file, 'utf8')
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(','));

const describeData = isThere ? describe : describe.skip;

describeData('a year of hours of eighteen meters in Belgium', () => {
  const file = join(folder, 'opengrid/electricity_2016_hour.csv');
  const zone = 'Europe/Brussels';
  const months = new Intl.DateTimeFormat('en-CA', {
    ...{ timeZone: zone, year: 'numeric', month: '2-digit' },
  });
  /** Sums by series and local month, straight from the file. */
  const sumsOf = ([titles = [], ...rows]: readonly (readonly string[])[]) => {
    const sums = new Map<string, number>();
    for (const [time = '', ...cells] of rows) {
      const month = months.format(new Date(time));
      for (const [column, cell] of cells.entries()) {
        const key = `${titles[column + 1] ?? ''} ${month}`;
        sums.set(key, (sums.get(key) ?? 0) + Number(cell));
      }
    }
    return sums;
  };

  it('has days of 23 and 25 hours, and months that add up to what the file says', async () => {
    const table = tableOf(file);
    const names = table[0]?.slice(1) ?? [];
    expect([names.length, table.length - 1]).toEqual([18, 8_785]);
    const device = await system.newDevice(zone);
    for (const name of names) {
      await system.declare(device, name, { unit: 'W', interpolation: 'hold', intervalMs: hourMs });
    }
    await system.send('cli', device, file, { time: 'timestamp_utc' });
    const read = await system.reading(device);
    const year = `from=2015-12-31T23:00:00Z&to=2016-12-31T23:00:00Z&tz=${zone}`;

    const days = await read.bucketsOf(names, `${year}&bucket=day&fn=count`);
    expect(days.map(({ series }) => series)).toEqual(names);
    for (const { buckets } of days) {
      expect(buckets).toHaveLength(366);
      const unusual = buckets.filter(({ count }) => count !== 24);
      expect(unusual).toEqual([
        {
          start: '2016-03-26T23:00:00.000Z',
          end: '2016-03-27T22:00:00.000Z',
          count: 23,
          coverage: 1,
        },
        {
          start: '2016-10-29T22:00:00.000Z',
          end: '2016-10-30T23:00:00.000Z',
          count: 25,
          coverage: 1,
        },
      ]);
    }

    const expected = sumsOf(table);
    const monthly = await read.bucketsOf(names, `${year}&bucket=month&fn=sum,count`);
    for (const { series, buckets, resolution } of monthly) {
      expect([series, buckets.length, resolution]).toEqual([series, 12, ['month']]);
      for (const { start, sum } of buckets) {
        const right = expected.get(`${series} ${months.format(new Date(start))}`) ?? NaN;
        expect(Math.abs(Number(sum) / right - 1)).toBeLessThan(1e-9);
      }
    }
  });
});

describeData('an inverter with empty cells', () => {
  const file = join(folder, 'pvanalytics/system_50_ac_power_2_full_DST.csv');
  const quarterMs = 15 * minuteMs;

  it('has a gap for each of them, and no zero', async () => {
    const rows = tableOf(file)
      .slice(1)
      .map(([time = '', cell = '']) => ({ at: Date.parse(time.replace(' ', 'T')), cell }));
    const empty = new Set(rows.filter(({ cell }) => cell === '').map(({ at }) => at));
    expect([rows.length, empty.size]).toEqual([95_232, 2_904]);
    const device = await system.newDevice('America/Phoenix');
    const rules = { unit: 'kW', interpolation: 'hold', intervalMs: quarterMs };
    await system.declare(device, 'v', rules);
    await system.send('cli', device, file, { time: 'measured_on', series: 'v' });
    const read = await system.reading(device);

    // As many buckets as one answer holds.
    for (let row = 0; row < rows.length; row += 40_000) {
      const some = rows.slice(row, row + 40_000);
      const range = `from=${iso(some[0]?.at ?? 0)}&to=${iso((some.at(-1)?.at ?? 0) + quarterMs)}`;
      const { buckets } = await read.buckets(`${range}&bucket=15m&fn=count,avg,twa`);
      const shown = buckets.map(({ start, count, avg, twa, coverage }) =>
        [start, count, avg, twa, coverage].join(' '),
      );
      const right = some.map(({ at, cell }) =>
        cell === ''
          ? [iso(at), 0, null, null, 0].join(' ')
          : [iso(at), 1, Number(cell), Number(cell), 1].join(' '),
      );
      expect(shown).toHaveLength(right.length);
      const wrong = shown.filter((line, index) => line !== right[index]);
      // The first of them say enough.
      expect(wrong.slice(0, 5)).toEqual([]);
    }

    // Runs of empty cells, from the sample before each to the one behind it.
    const runs = rows.flatMap(({ at }) =>
      empty.has(at) && !empty.has(at - quarterMs)
        ? [{ from: iso(at - quarterMs), to: endOf(at) }]
        : [],
    );
    function endOf(at: number): string {
      let end = at;
      while (empty.has(end)) end += quarterMs;
      return iso(end);
    }
    const [first = 0, last = 0] = [rows[0]?.at, rows.at(-1)?.at];
    expect(await read.gaps(iso(first), iso(last + quarterMs))).toEqual(runs);
  });
});

describeData('a meter by the minute', () => {
  const file = join(folder, 'opengrid/elec_power_min_1sensor.csv');

  it('has the same roll-ups from messages in any order and repeated as from each once', async () => {
    const rows = rowsOf(file, { time: 'timestamp_utc', series: 'v' });
    expect(rows).toHaveLength(23_040);
    const rules = { unit: 'W', interpolation: 'hold', intervalMs: minuteMs };
    const devices = [
      await system.newDevice('Europe/Brussels'),
      await system.newDevice('Europe/Brussels'),
    ];
    const [mixed = '', plain = ''] = devices;
    for (const device of devices) await system.declare(device, 'v', rules);

    const once = messagesOf(mixed, rows, 1);
    const repeated = once.flatMap((payload, index) => (index % 10 === 9 ? [payload, payload] : []));
    const sent = shuffled(seeded(12), [...once, ...repeated]);
    expect(sent).toHaveLength(23_040 + 2 * 2_304);
    const by = (device: string, payloads: readonly string[]) =>
      system.publish(
        device,
        payloads.map((payload) => ({ topic: upTopic(device, 'samples'), payload })),
      );
    await by(mixed, sent);
    await by(plain, messagesOf(plain, rows, 60));

    const readings = [await system.reading(mixed), await system.reading(plain)];
    const range = 'from=2017-10-06T22:00:00Z&to=2017-10-22T22:00:00Z';
    const fns = 'fn=count,sum,min,max,first,last,avg,twa,integral,delta';
    const answers = readings.map(async (read): Promise<readonly Bucketed[]> => {
      const all: Bucketed[] = [];
      for (const bucket of ['1m', 'hour', 'day', 'month']) {
        all.push(await read.buckets(`${range}&bucket=${bucket}&${fns}`));
      }
      return all;
    });
    const [ofMixed, ofPlain] = await Promise.all(answers);
    expect(ofMixed).toEqual(ofPlain);
    expect(ofPlain?.map(({ buckets }) => buckets.length)).toEqual([23_040, 384, 16, 1]);
    expect(ofPlain?.map(({ resolution }) => resolution)).toEqual([
      ['minute'],
      ['hour'],
      ['day'],
      ['day'],
    ]);
    const [own] = readings;
    expect(await own?.counted()).toMatchObject({ accepted: 23_040, conflicts: 0 });
  });
});
