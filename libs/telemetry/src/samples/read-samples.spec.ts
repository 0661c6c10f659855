import { Readable } from 'node:stream';

import { describe, expect, it } from 'vitest';

import { type ReadRules, readSamples, type WrittenSamples } from './read-samples.js';
import { csvRows } from './streamed-samples.js';
import { writtenAgain } from './written-again.js';

const rules: ReadRules = {
  known: new Map(),
  timeUnit: 'ms',
  parsesText: false,
  now: Date.parse('2026-06-05T00:00:00Z'),
};
const numeric = new Map([['v', { valueType: 'number', unit: 'kW', retentionDays: null } as const]]);
const row = (t: string | number, v: unknown) => ({ t, values: { v } });
const read = (written: WrittenSamples, more: Partial<ReadRules> = {}) =>
  readSamples(written, { ...rules, ...more });

describe('samples', () => {
  it('of rows keep their own times, each in the block of its UTC day', () => {
    const { days, taken } = read({
      rows: [
        { t: '2026-01-02T00:00:01Z', values: { a: 1, b: 2 } },
        { t: '2026-01-01T23:59:59Z', values: { a: 3, c: null } },
        { t: '2026-01-01T23:59:58Z', values: { b: 'on' } },
      ],
    });
    expect(taken).toBe(3);
    expect([...days]).toEqual([
      [
        '2026-01-02',
        {
          t0: '2026-01-02T00:00:01.000Z',
          t: [0],
          series: { a: { values: [1] }, b: { values: [2] } },
        },
      ],
      ['2026-01-01', { t0: '2026-01-01T23:59:59.000Z', t: [0], series: { a: { values: [3] } } }],
    ]);
  });

  it.each([
    [{ t0: 1_767_225_600, dt: 500 }, 's'],
    [{ t0: 1_767_225_600_000_000, t: [0, 500] }, 'us'],
    [{ t0: '2026-01-01T00:00:00Z', dt: 500 }, 's'],
    [{ t0: '2026-01-01 01:00:00+01:00', t: [0, 500] }, 'ms'],
  ] as const)('count in milliseconds from a t0 of any unit: %j in %s', (times, timeUnit) => {
    const { days } = read({ ...times, series: { v: { values: [1, 2] } } }, { timeUnit });
    expect(days.get('2026-01-01')).toMatchObject({ t0: '2026-01-01T00:00:00.000Z', t: [0, 500] });
  });

  it.each(['2026-01-01T00:00:00', '2026-02-30T00:00:00Z'])('do not count from %s', (t0) => {
    const { refused, taken } = read({ t0, dt: 500, series: { v: { values: [1, 2] } } });
    expect([taken, refused.length]).toEqual([0, 2]);
    expect(refused[0]?.reason).toContain('expected an ISO 8601 time');
  });

  it('have a series called __proto__ like any other', () => {
    const values = JSON.parse('{"__proto__": 5}') as Record<string, unknown>;
    const { days } = read({ rows: [{ t: '2026-01-01T00:00:00Z', values }] });
    expect(JSON.stringify(days.get('2026-01-01'))).toContain('"__proto__":{"values":[5]}');
  });

  it('of columns count from t0', () => {
    const { days, learnt } = read({
      ...{ t0: '2026-01-01T00:00:00Z', dt: 500 },
      series: { v: { unit: 'kW', values: [1, null, 3], quality: ['good', 'good', 'bad'] } },
    });
    expect(days.get('2026-01-01')).toEqual({
      t0: '2026-01-01T00:00:00.000Z',
      t: [0, 1000],
      series: { v: { values: [1, 3], quality: ['good', 'bad'] } },
    });
    expect(learnt).toEqual([{ series: 'v', valueType: 'number', unit: 'kW' }]);
  });

  it('are refused one by one, with what was expected', () => {
    const { taken, refused } = read(
      { rows: ['2026-01-01T00:00:00Z', '2099-01-01T00:00:00Z', 0, 'noon'].map((t) => row(t, 1)) },
      { known: numeric },
    );
    expect(taken).toBe(1);
    expect(refused.map(({ pointer, reason }) => `${pointer} ${reason}`)).toEqual([
      '/rows/1/values/v expected a time from 2000 to one day ahead of the server: this one lies more than a day ahead of the server',
      '/rows/2/values/v expected a time from 2000 to one day ahead of the server: this one lies before 2000',
      '/rows/3/values/v expected an ISO 8601 time with zone, such as 2026-02-11T08:00:00Z',
    ]);
  });

  it('that are refused can be written again with what was read of them, unit and quality', () => {
    const known = new Map([
      ...numeric,
      ['w', { ...numeric.get('v'), valueType: 'number' } as never],
    ]);
    const { refused } = read(
      {
        t: [1767225600, 4070908800],
        series: {
          v: { unit: 'W', values: ['1.5', 'x'], quality: ['bad', 'good'] },
          w: { values: [null, 2] },
        },
      },
      { known, timeUnit: 's', parsesText: true },
    );
    const { columns, problems } = writtenAgain(refused);
    const unit = 'W';
    expect(columns).toEqual([
      {
        t: ['2026-01-01T00:00:00.000Z', 4070908800],
        series: { v: { unit, values: [1.5, 'x'], quality: ['bad', 'good'] } },
      },
      { t: [4070908800], series: { w: { values: [2] } } },
    ]);
    expect(problems.map(({ pointer }) => pointer)).toEqual([
      ...['/0/series/v/values/0', '/0/series/v/values/1', '/1/series/w/values/0'],
    ]);
    expect(columns.map((one) => read(one, { known }).refused.map(({ reason }) => reason))).toEqual([
      [expect.stringContaining('not in W'), expect.stringContaining('not in W')],
      [expect.stringContaining('lies before 2000')],
    ]);
  });

  it('are in the unit of their series or refused', () => {
    const { refused } = read(
      { t0: 1767225600000, series: { v: { unit: 'W', values: [1] } } },
      { known: numeric },
    );
    expect(refused[0]?.reason).toBe('expected values in kW, the unit of the series, not in W');
  });

  it('are numbers only where they are written as such, unless the mapping says so', () => {
    const forms = ['12.5', '12,5', 'NaN', 'on', true, '0x1F', '1e3', '9007199254740993'];
    const times = forms.map((_, minute) => `2026-01-01T00:0${String(minute)}:00Z`);
    const written = { t: times, series: { v: { values: forms } } };
    expect(read(written, { known: numeric }).taken).toBe(0);
    const parsed = read(written, { known: numeric, parsesText: true });
    expect(parsed.days.get('2026-01-01')?.series['v']?.values).toEqual([12.5, 1000]);
    const extremes = read({ t: times.slice(0, 3), series: { v: { values: [-0, 1e308, 5e-324] } } });
    const kept = extremes.days.get('2026-01-01')?.series['v']?.values;
    expect(kept).toEqual([0, 1e308, 5e-324]);
    expect(Object.is(kept?.[0], 0)).toBe(true);
  });

  it.each(['1,5', 'NaN', '1 000', '12 %', '-inf', 'n/a', '9007199254740993'])(
    'do not make a series of texts of %s, which is meant as a number',
    (cell) => {
      const rows = [cell, '2.5'].map((value, minute) =>
        row(`2026-01-01T00:0${String(minute)}:00Z`, value),
      );
      const { learnt, refused, taken } = read({ rows }, { parsesText: true });
      expect(learnt).toEqual([{ series: 'v', valueType: 'number', unit: null }]);
      expect(taken).toBe(1);
      expect(refused[0]?.reason).toContain('where these are texts, declare the series as text');
      const known = new Map([['v', { ...numeric.get('v'), valueType: 'text' } as never]]);
      expect(read({ rows }, { known, parsesText: true }).taken).toBe(2);
      const none = read({ rows: rows.slice(0, 1) }, { parsesText: true });
      expect([none.learnt, none.taken]).toEqual([[], 0]);
    },
  );

  it('of JSON are texts where they are written as texts, but for an integer that no number holds', () => {
    const typeOf = (value: string) =>
      read({ rows: [row('2026-01-01T00:00:00Z', value)] }).learnt[0]?.valueType;
    expect(['1,5', '12.5', 'NaN', '1234567890123456'].map(typeOf)).toEqual(
      Array.from({ length: 4 }, () => 'text'),
    );
    expect(typeOf('9007199254740993')).toBeUndefined();
    expect(typeOf(`${'1'.repeat(30_000)}x`)).toBeUndefined();
  });

  it.each(['a,b', '', 'a\nb', 'x'.repeat(201)])('are of no series called %j', (series) => {
    const rows = [{ t: '2026-01-01T00:00:00Z', values: { [series]: 1, b: 2 } }];
    const { refused, taken, learnt } = read({ rows });
    expect([taken, learnt.map((one) => one.series)]).toEqual([1, ['b']]);
    expect(refused.map(({ reason }) => reason)).toEqual([
      'expected the name of a series of 1 to 200 characters without a comma',
    ]);
  });

  it('of CSV are refused as a whole where a column would be such a series', async () => {
    const chunks = (text: string) => Readable.from([Buffer.from(text)]);
    const mapping = { time: 'time', delimiter: ',', numericTimes: false } as const;
    const rows = async (text: string) => {
      const found = [];
      for await (const { values } of csvRows(chunks(text), mapping)) found.push(values);
      return found;
    };
    const line = '2026-01-01T00:00:00Z,1\n';
    expect(await rows(`time,a\n${line}`)).toEqual([{ a: '1' }]);
    await expect(rows(`time,"a,b"\n${line}`)).rejects.toMatchObject({
      code: 'SERIES_NAME_INVALID',
    });
  });

  it('of CSV are refused where a row is no UTF-8', async () => {
    const source = Readable.from([Buffer.from('time,a\n2026-01-01T00:00:00Z,\xe9\n', 'latin1')]);
    const rows = csvRows(source, { time: 'time', delimiter: ',', numericTimes: false });
    await expect(rows.next()).rejects.toMatchObject({
      ...{ code: 'CSV_BROKEN', message: 'row 2: expected text in UTF-8' },
    });
  });

  it('out of the plausible range are kept as uncertain', () => {
    const declared = { low: 0, high: 40 };
    const known = new Map([['v', { ...numeric.get('v'), declared } as never]]);
    const values = [-0.1, 0, 40, 41, 42, 43];
    const quality = ['good', 'good', 'good', 'good', 'bad', 'uncertain'] as const;
    const flags = ['uncertain', 'good', 'good', 'uncertain', 'bad', 'uncertain'];
    const t0 = '2026-01-01T23:59:54Z';
    const qualityOf = (written: WrittenSamples, day = '2026-01-01') =>
      read(written, { known }).days.get(day)?.series['v']?.quality;
    expect(qualityOf({ t0, dt: 1_000, series: { v: { values, quality } } })).toEqual(flags);
    expect(qualityOf({ t0, dt: 1_000, series: { v: { values: values.slice(0, 2) } } })).toEqual([
      ...['uncertain', 'good'],
    ]);
    const overMidnight = { t0, dt: 6_000, series: { v: { values: [41, 40] } } };
    expect(qualityOf(overMidnight)).toEqual(['uncertain']);
    expect(qualityOf(overMidnight, '2026-01-02')).toBeUndefined();
  });

  it('say what a time in another unit looks like', () => {
    const reasonOf = (t: string | number) => read({ rows: [row(t, 1)] }).refused[0]?.reason;
    expect(reasonOf(1767225600)).toMatch(/looks like seconds$/);
    expect(reasonOf(1767225720000000)).toMatch(/looks like microseconds$/);
    expect(reasonOf(1767225780000000000)).toMatch(/looks like nanoseconds$/);
    expect(reasonOf('1767225840')).toMatch(/looks like seconds as text$/);
    expect(reasonOf('2026-01-01 00:05:00')).toMatch(/looks like a time without a zone$/);
    expect(reasonOf(1767225660000)).toBeUndefined();
    expect(reasonOf('2026-01-01 01:06:00+01:00')).toBeUndefined();
    expect(read({ rows: [row(1767225600, 1)] }, { timeUnit: 's' }).taken).toBe(1);
  });
});
