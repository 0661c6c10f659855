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

/** Whether all edges are where roll-ups of the level begin, those of the zone of the series. */
const fits = (level: Level, { edges, zone }: Wanted, series: ReadSeries): boolean => {
  if (level === 'minute' || level === 'hour')
    return edges.every((edge) => edge % widths[level] === 0);
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
  const levelsUsed = isSingle ? [] : await fitting(client, series, wanted, { from, last: to - 1 });
  const isRaw = levelsUsed.length === 0;
  const { count } = isRaw ? (known ?? (await readFalls(client, series, around))) : { count: 0 };
  // What was dropped tells nothing; its last minute does, as the neighbour.
  const first = Math.max(around.from, Math.min(series.expiredBefore ?? 0, from));
  const bounds = isRaw ? { from: first, to: around.last + 1 } : { from, to };
  const span = { from: bounds.from, last: bounds.to - 1 };
  const plan = isRaw
    ? { pieces: [], samples: [span], count, resolution: [], isTimeKnown: true }
    : await readPlan(client, series, { ...wanted, levels: levelsUsed, span });
  if (plan.count > mostSamples) throw tooManySamples();
  requireKept(series, isRaw ? [{ from, last: to - 1 }] : plan.samples);
  const [before, after] = await readNeighbours(client, series, bounds, position);
  if (before) aggregator.push(pieceOf(...before));
  const single = readSamples(client, series, plan.samples, position);
  for await (const piece of merged(plan.pieces, single)) {
    aggregator.push(piece);
  }
  if (after) aggregator.push(pieceOf(...after));
  return {
    summaries: aggregator.end(),
    resolution: [...plan.resolution, ...(plan.samples.length > 0 ? (['raw'] as const) : [])],
    isTimeKnown: plan.isTimeKnown,
  };
};

interface Plan {
  readonly pieces: readonly Piece[];
  /** Where single samples are needed, and how many there are. */
  readonly samples: readonly Span[];
  readonly count: number;
  readonly resolution: readonly Level[];
  readonly isTimeKnown: boolean;
}

/** Takes roll-ups of the coarsest level, and in the place of those with a hole finer ones, down to the samples. */
const readPlan = async (
  client: Queryable,
  series: ReadSeries,
  { levels: usable, span, byTime }: Wanted & { levels: readonly Level[]; span: Span },
): Promise<Plan> => {
  const hasHole = ({ maxGapMs }: RolledUp): boolean => maxGapMs > longestGapMs(series);
  const mayStay = ({ firstAt }: RolledUp): boolean => !byTime && isExpired(series, firstAt);
  const pieces: Piece[] = [];
  const resolution: Level[] = [];
  let spans: readonly Span[] = [span];
  let holed: readonly RolledUp[] = [];
  for (const level of usable) {
    const width = widths[level as 'hour'] as number | undefined;
    if (pieces.length + holed.length > 0) spans = spansOf(holed, width);
    // Days of a month begin where the month does, and not where its first sample is.
    if (width === undefined && holed.length > 0) continue;
    const rows = await readRollups(client, series, level, spans);
    holed = rows.filter(hasHole);
    if (rows.length > holed.length) resolution.push(level);
    pieces.push(...rows.filter((row) => !hasHole(row)));
    if (holed.length === 0) break;
  }
  const dropped = holed.filter(mayStay);
  const isTimeKnown = dropped.length === 0;
  const finest = usable.at(-1);
  if (!isTimeKnown && finest && resolution.at(-1) !== finest) resolution.push(finest);
  const kept = holed.filter((row) => !mayStay(row));
  return {
    pieces: [...pieces, ...dropped].sort((one, other) => one.firstAt - other.firstAt),
    ...{ samples: spansOf(kept, 1), count: kept.reduce((sum, row) => sum + row.count, 0) },
    ...{ resolution, isTimeKnown },
  };
};

/** From the beginning of the bucket in which the first sample of each is. */
const spansOf = (rows: readonly RolledUp[], width = 1): readonly Span[] =>
  rows.map(({ firstAt, lastAt }) => ({ from: Math.floor(firstAt / width) * width, last: lastAt }));

/** Both in the order of time; they do not overlap. */
async function* merged(
  pieces: readonly Piece[],
  samples: AsyncIterable<readonly [at: number, value: number]>,
): AsyncGenerator<Piece> {
  let next = 0;
  for await (const [at, value] of samples) {
    for (let piece = pieces[next]; piece && piece.firstAt < at; piece = pieces[next]) {
      yield piece;
      next += 1;
    }
    yield pieceOf(at, value);
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
