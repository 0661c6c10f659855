import type { ProjectionClient } from '#subscription/projection/projection.js';

import { type Arriving, isCounted } from './arriving.js';
import { type Calendar, type Level, levels, type Span } from './buckets.js';
import { type Bucket, keyOf, loadBuckets, saveBuckets } from './roll-ups.js';
import { append, type Summary, summaryOf } from './summary.js';

/** Samples of one series, newer than all before and in the order of their times. */
export interface Growth {
  readonly id: number;
  readonly zone: Calendar;
  /** Of the newest sample before: only its buckets may be there already. */
  readonly latestAt: number | null;
  readonly samples: readonly Arriving[];
}

/** Adds new samples to the roll-ups, without reading any but the buckets that they continue. */
export const grow = async (client: ProjectionClient, growths: readonly Growth[]): Promise<void> => {
  for (const level of levels) {
    const buckets = growths.flatMap((growth) => bucketsOf(growth, level));
    const there = await loadBuckets(
      client,
      level,
      buckets.filter(({ continues }) => continues),
    );
    const rows = buckets.map((bucket) => {
      const before = there.get(keyOf(bucket));
      if (before) append(before, bucket.summary);
      return { ...bucket, summary: before ?? bucket.summary };
    });
    await saveBuckets(client, level, rows);
  }
};

interface Grown extends Bucket {
  readonly continues: boolean;
}

const bucketsOf = ({ id, zone, latestAt, samples }: Growth, level: Level): Grown[] => {
  const buckets: Grown[] = [];
  let span: Span = { start: 0, end: 0 };
  let summary: Summary | undefined;
  for (const sample of samples) {
    const { at, value } = sample;
    if (value === null || !isCounted(sample)) continue;
    const one = summaryOf(at, value);
    if (summary && at >= span.start && at < span.end) {
      append(summary, one);
      continue;
    }
    span = zone.spanAt(level, at);
    summary = one;
    const continues = latestAt !== null && latestAt >= span.start;
    buckets.push({ id, zone, start: span.start, summary, continues });
  }
  return buckets;
};
