import { expect, it } from 'vitest';

import { bucketEdges, parseBucket } from './buckets.js';

const starts = (text: string, zone: string, from: string, to: string): readonly string[] => {
  const bucket = parseBucket(text);
  if (!bucket) throw new Error(`no bucket: ${text}`);
  return bucketEdges(bucket, zone, { from: Date.parse(from), to: Date.parse(to), most: 100 }).map(
    (edge) => new Date(edge).toISOString().replace(':00.000Z', 'Z'),
  );
};

it('reads widths and units of the calendar, and nothing else', () => {
  expect(parseBucket('15m')).toEqual({ widthMs: 900_000 });
  expect(parseBucket('PT1H30M')).toEqual({ widthMs: 5_400_000 });
  expect(parseBucket('P1M')).toEqual({ unit: 'month' });
  for (const other of ['', '15', 'm', '0m', 'PT', 'PT0S', '1d', 'P2D', 'fortnight', '-1h']) {
    expect([other, parseBucket(other)]).toEqual([other, undefined]);
  }
});

it('counts widths from the Unix epoch, whatever the zone', () => {
  expect(starts('15m', 'Asia/Kathmandu', '2026-05-04T00:05Z', '2026-05-04T00:40Z')).toEqual([
    ...['2026-05-04T00:05Z', '2026-05-04T00:15Z', '2026-05-04T00:30Z', '2026-05-04T00:40Z'],
  ]);
});

it('begins weeks on Monday, months and years at the midnight of the zone', () => {
  const zone = 'Europe/Brussels';
  expect(starts('week', zone, '2026-03-25T00:00Z', '2026-04-07T00:00Z')).toEqual([
    ...['2026-03-25T00:00Z', '2026-03-29T22:00Z', '2026-04-05T22:00Z', '2026-04-07T00:00Z'],
  ]);
  expect(starts('month', zone, '2026-02-28T23:00Z', '2026-04-30T22:00Z')).toEqual([
    ...['2026-02-28T23:00Z', '2026-03-31T22:00Z', '2026-04-30T22:00Z'],
  ]);
  expect(starts('year', zone, '2025-12-31T23:00Z', '2027-12-31T23:00Z')).toEqual([
    ...['2025-12-31T23:00Z', '2026-12-31T23:00Z', '2027-12-31T23:00Z'],
  ]);
});

it('cuts the hour in which the clock is moved by half an hour', () => {
  expect(starts('hour', 'Australia/Lord_Howe', '2026-10-03T14:30Z', '2026-10-03T17:00Z')).toEqual([
    ...['2026-10-03T14:30Z', '2026-10-03T15:30Z', '2026-10-03T16:00Z', '2026-10-03T17:00Z'],
  ]);
});

it('has no bucket for a day that a zone left out', () => {
  expect(starts('day', 'Pacific/Apia', '2011-12-29T10:00Z', '2012-01-01T10:00Z')).toEqual([
    ...['2011-12-29T10:00Z', '2011-12-30T10:00Z', '2011-12-31T10:00Z', '2012-01-01T10:00Z'],
  ]);
});

it('refuses more buckets than an answer has', () => {
  expect(() => starts('1s', 'UTC', '2026-05-04T00:00Z', '2026-05-04T00:01:41Z')).toThrow(
    'an answer has at most 100 buckets',
  );
  expect(starts('1s', 'UTC', '2026-05-04T00:00Z', '2026-05-04T00:01:40Z')).toHaveLength(101);
});
