import type { ProjectionClient } from '#subscription/projection/projection.js';

import { type Arriving, isCounted } from './arriving.js';
import { type Calendar, type Level, levels, type Span } from './buckets.js';
import { isSparse, readPieces } from './pieces.js';
import { type Bucket, saveBuckets } from './roll-ups.js';
import type { Series } from './series.js';
import { append, appendSample, type Summary, summaryOf } from './summary.js';

/** Samples of one series, newer than all before and in the order of their times. */
export interface Growth {
  /** Of what is known of it before: only the buckets of its newest sample may hold something already. */
  readonly series: Series;
  readonly zone: Calendar;
  readonly samples: readonly Arriving[];
}

/** Adds new samples, which are in their table already, to the roll-ups; reads none but the buckets that they continue. */
export const grow = async (client: ProjectionClient, growths: readonly Growth[]): Promise<void> => {
  const counted = growths.map((growth) => ({
    ...growth,
    samples: growth.samples.filter(isCounted),
  }));
  let saving: Promise<void> = Promise.resolve();
  for (const level of levels) {
    const buckets = counted.flatMap((growth) => bucketsOf(growth, level));
    const continued = buckets.filter(({ continues }) => continues);
    const ranges = continued.map((bucket) => ({ ...bucket, end: bucket.summary.firstAt }));
    const whole = new Map<Grown, Grown>();
    // The buckets of the next level are made while PostgreSQL takes those of the one before.
    await saving;
    for (const { range, summary } of await readPieces(client, level, ranges)) {
      const bucket = continued[range];
      if (!bucket) continue;
      append(summary, bucket.summary);
      whole.set(bucket, { ...bucket, summary });
    }
    const rows = buckets.map((bucket) => whole.get(bucket) ?? bucket);
    saving = saveBuckets(
      client,
      level,
      rows.filter(({ summary }) => !isSparse(level) || summary.count > 1),
    );
  }
  await saving;
};

interface Grown extends Bucket {
  readonly continues: boolean;
}

/** Without those that need no row, whatever is there. */
const bucketsOf = ({ series, zone, samples }: Growth, level: Level): Grown[] => {
  const { id, latestAt } = series;
  const buckets: Grown[] = [];
  let span: Span = { start: 0, end: -Infinity };
  let first: Arriving | undefined;
  const open = ({ at, value }: Arriving): Summary => {
    const summary = summaryOf(at, value ?? 0);
    const continues = latestAt !== null && latestAt >= span.start;
    buckets.push({ id, zone, start: span.start, summary, continues });
    return summary;
  };
  let summary: Summary | undefined;
  for (const sample of samples) {
    if (first && sample.at < span.end) {
      summary ??= open(first);
      appendSample(summary, sample.at, sample.value ?? 0);
      continue;
    }
    first = sample;
    span = zone.spanAt(level, sample.at);
    const needsRow = !isSparse(level) || (latestAt !== null && latestAt >= span.start);
    summary = needsRow ? open(sample) : undefined;
  }
  return buckets;
};
