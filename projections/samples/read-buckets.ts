import { Refusal } from '#kernel/refusal.js';
import type { Queryable } from '#resource/sql.js';
import { Aggregator, type Summary } from '#series/aggregator.js';
import { bucketEdges } from '#series/buckets.js';
import { returnsWithinMs } from '#series/counter.js';
import { longestGapMs, type Piece, pieceOf } from '#series/piece.js';

import { type Level, levels } from './buckets.js';
import {
  areOfZone,
  readFalls,
  readNeighbours,
  readRollups,
  readSamples,
  type ReadSeries,
  type RolledUp,
  type Span,
} from './queries.js';

/** Single samples that one series of an answer is computed from. */
const mostSamples = 3_000_000;
/** The same of minutes and hours, which are dearer to read. */
const mostRollups = 1_000_000;
/** Roll-ups that are in memory at a time, of each level. */
const pageRows = 10_000;

export interface BucketsRead {
  readonly summaries: readonly Summary[];
  /** What the numbers come from. All of them give the same numbers as the samples do. */
  readonly resolution: readonly ('raw' | Level)[];
  /** Whether it is known which time is covered: not where the samples around a hole were dropped. */
  readonly isTimeKnown: boolean;
}

export interface Wanted {
  /** The start of each bucket, and the end of the last one. */
  readonly edges: readonly number[];
  readonly zone: string;
  /** Whether a function is wanted that weighs by time. */
  readonly byTime: boolean;
  /** What counted at this position of the log, from single samples; absent: what counts. */
  readonly position?: bigint | undefined;
}

const widths = { minute: 60_000, hour: 3_600_000 } as const;
const hasWidth = (level: Level): level is keyof typeof widths => level in widths;

/** Whether all edges are where roll-ups of the level begin, those of the zone of the series. */
const fits = (level: Level, { edges, zone }: Wanted, series: ReadSeries): boolean => {
  if (hasWidth(level)) return edges.every((edge) => edge % widths[level] === 0);
  if (zone !== series.zone) return false;
  const [from = 0, to = 0] = [edges[0], edges.at(-1)];
  const starts = bucketEdges({ unit: level }, zone, { from: from - 1, to: to + 1, most: Infinity });
  const known = new Set(starts);
  return edges.every((edge) => known.has(edge));
};

/** The levels whose buckets fit, the coarsest first. */
const fitting = async (
  client: Queryable,
  series: ReadSeries,
  wanted: Wanted,
  span: Span,
): Promise<Level[]> => {
  const found: Level[] = [];
  for (const level of levels.toReversed()) {
    if (!fits(level, wanted, series)) continue;
    const isZoned = level === 'day' || level === 'month';
    if (isZoned && !(await areOfZone(client, series, level, span))) continue;
    found.push(level);
  }
  return found;
};

/** Reads within a transaction. Throws a `Refusal` (`SAMPLES_EXPIRED`, `TOO_MANY_SAMPLES`). */
export const readBuckets = async (
  client: Queryable,
  series: ReadSeries,
  wanted: Wanted,
): Promise<BucketsRead> => {
  const { edges, position } = wanted;
  const [from = 0, to = 0] = [edges[0], edges.at(-1)];
  const aggregator = new Aggregator(edges, series);
  // Whether a total started again shows in the time around.
  const reach = series.kind === 'total' ? returnsWithinMs : 0;
  const around = { from: from - reach, last: to - 1 + reach };
  const known = series.kind === 'total' ? await readFalls(client, series, around) : undefined;
  const isSingle = position !== undefined || known?.falls === true;
  const usable = isSingle ? [] : await fitting(client, series, wanted, { from, last: to - 1 });
  const isRaw = usable.length === 0;
  const { count } = isRaw ? (known ?? (await readFalls(client, series, around))) : { count: 0 };
  if (count > mostSamples) throw tooManySamples();
  if (isRaw) requireKept(series, [{ from, last: to - 1 }]);
  // What was dropped tells nothing; its last minute does, as the neighbour.
  const first = Math.max(around.from, Math.min(series.expiredBefore ?? 0, from));
  const bounds = isRaw ? { from: first, to: around.last + 1 } : { from, to };
  const [before, after] = await readNeighbours(client, series, bounds, position);
  if (before) aggregator.push(pieceOf(...before));
  const pieces = new Pieces(client, series, wanted);
  const spans = isRaw
    ? [{ from: bounds.from, last: bounds.to - 1 }]
    : await measuredIn(client, series, edges, bounds);
  await requireFew(client, series, usable, spans);
  for await (const piece of pieces.within(spans, usable)) aggregator.push(piece);
  if (after) aggregator.push(pieceOf(...after));
  return {
    summaries: aggregator.end(),
    resolution: [...levels.toReversed(), 'raw' as const].filter((one) => pieces.used.has(one)),
    isTimeKnown: pieces.isTimeKnown,
  };
};

/**
 * Roll-ups of the coarsest level, and in the place of those with a hole finer ones, down to the samples: page by page, so
 * that memory does not grow with the time that is asked for.
 */
class Pieces {
  readonly used = new Set<'raw' | Level>();
  isTimeKnown = true;
  private rollups = 0;
  private samples = 0;

  constructor(
    private readonly client: Queryable,
    private readonly series: ReadSeries,
    private readonly wanted: Wanted,
  ) {}

  /** By time. `usable`: levels, the coarsest first. */
  async *within(spans: readonly Span[], usable: readonly Level[]): AsyncGenerator<Piece> {
    const { client, series, wanted } = this;
    const [level, ...finer] = usable;
    if (!level) {
      this.used.add('raw');
      for await (const sample of readSamples(client, series, spans, wanted.position))
        yield pieceOf(...sample);
      return;
    }
    // Days of a month begin where the month does, and not where its first sample is.
    const [next, ...others] = finer.filter(hasWidth);
    const hasHole = ({ maxGapMs }: RolledUp): boolean => maxGapMs > longestGapMs(series);
    const isLookedInto = (row: RolledUp): boolean =>
      hasHole(row) && (next !== undefined || !this.mayStay(row));
    for (const page of pagesOf(level, spans)) {
      const rows = await readRollups(client, series, level, page);
      this.rollups += rows.length;
      if (this.rollups > mostRollups) throw tooManyRollups();
      const holed = rows.filter(isLookedInto);
      const plain = rows.filter((row) => !isLookedInto(row));
      if (plain.length > 0) this.used.add(level);
      if (plain.some(hasHole)) this.isTimeKnown = false;
      const inner = spansOf(holed, next ? widths[next] : 1);
      if (!next) {
        requireKept(series, inner);
        this.samples += holed.reduce((sum, { count }) => sum + count, 0);
        if (this.samples > mostSamples) throw tooManySamples();
      }
      if (holed.length === 0) yield* plain;
      else yield* merged(plain, this.within(inner, next ? [next, ...others] : []));
    }
  }

  private mayStay({ firstAt }: RolledUp): boolean {
    return !this.wanted.byTime && isExpired(this.series, firstAt);
  }
}

/** From the beginning of the bucket in which the first sample of each is. */
const spansOf = (rows: readonly RolledUp[], width: number): readonly Span[] =>
  rows.map(({ firstAt, lastAt }) => ({ from: Math.floor(firstAt / width) * width, last: lastAt }));

/** Cuts spans where buckets of the level begin, so that no page has more than `pageRows` of them. */
function* pagesOf(level: Level, spans: readonly Span[]): Generator<readonly Span[]> {
  if (!hasWidth(level)) {
    yield spans;
    return;
  }
  const width = widths[level];
  let page: Span[] = [];
  let left = pageRows;
  for (const { from, last } of spans) {
    for (let start = from; start <= last;) {
      const end = Math.min(last, start + left * width - 1);
      page.push({ from: start, last: end });
      left -= Math.ceil((end + 1 - start) / width);
      start = end + 1;
      if (left > 0) continue;
      yield page;
      page = [];
      left = pageRows;
    }
  }
  if (page.length > 0) yield page;
}

/** From the bucket with the first sample on, and up to the last one: pages of what was never measured cost time for nothing. */
const measuredIn = async (
  client: Queryable,
  series: ReadSeries,
  edges: readonly number[],
  { from, to }: { readonly from: number; readonly to: number },
): Promise<readonly Span[]> => {
  const [last, first] = await readNeighbours(client, series, { from: to, to: from });
  if (!first || !last || first[0] > last[0]) return [];
  return [{ from: edges.findLast((edge) => edge <= first[0]) ?? from, last: last[0] }];
};

/** Before any of them is read: there are no more minutes (or hours) than samples. */
const requireFew = async (
  client: Queryable,
  series: ReadSeries,
  [level]: readonly Level[],
  [span]: readonly Span[],
): Promise<void> => {
  if (!span || !level || !hasWidth(level)) return;
  if ((span.last - span.from) / widths[level] < mostRollups) return;
  const { count } = await readFalls(client, series, span);
  if (count > mostRollups) throw tooManyRollups();
};

/** Both in the order of time; they do not overlap. */
async function* merged(
  pieces: readonly Piece[],
  others: AsyncIterable<Piece>,
): AsyncGenerator<Piece> {
  let next = 0;
  for await (const other of others) {
    for (let one = pieces[next]; one && one.firstAt < other.firstAt; one = pieces[next]) {
      yield one;
      next += 1;
    }
    yield other;
  }
  yield* pieces.slice(next);
}

const isExpired = ({ expiredBefore }: ReadSeries, at: number): boolean =>
  expiredBefore !== null && at < expiredBefore;

export const requireKept = (series: ReadSeries, spans: readonly Span[]): void => {
  if (!spans.some(({ from }) => isExpired(series, from))) return;
  const before = new Date(series.expiredBefore ?? 0).toISOString();
  throw new Refusal(
    'SAMPLES_EXPIRED',
    'unprocessable',
    `single samples of ${series.name} before ${before} were dropped, and its roll-ups do not give these numbers exactly`,
    {
      errors: [
        {
          pointer: '?from',
          reason: `expected ${before} or later; or buckets that begin at full minutes, and functions that do not weigh by time`,
        },
      ],
    },
  );
};

const tooManySamples = () =>
  new Refusal(
    'TOO_MANY_SAMPLES',
    'unprocessable',
    `an answer is computed from at most ${String(mostSamples)} single samples of a series; choose buckets that begin at full minutes, or a shorter time`,
    { errors: [{ pointer: '?to', reason: 'expected a shorter time' }] },
  );

const tooManyRollups = () =>
  new Refusal(
    'TOO_MANY_SAMPLES',
    'unprocessable',
    `an answer is computed from at most ${String(mostRollups)} minutes of a series; choose buckets of full hours, or a shorter time`,
    {
      errors: [
        {
          pointer: '?bucket',
          reason:
            'expected full hours, such as 60m, 2h or day, from a full hour on; or a shorter time',
        },
      ],
    },
  );
