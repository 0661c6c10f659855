import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';

import { RequirePermission } from '#access/require-permission.js';
import type { Position } from '#event-log/event-log.js';
import { decodeCursor, encodeCursor } from '#http/paging.js';
import { integerFrom, position, queryInvalid, text } from '#http/query-params.js';
import { Refusal } from '#kernel/refusal.js';
import { wallNow } from '#kernel/wall-clock.js';
import { type Parameters, Parametrized, readParameters } from '#resource/parameters.js';
import { ResourceReader } from '#resource/reader.js';
import { visibleIn } from '#resource/resource.js';
import { longestGapMs } from '#series/piece.js';

import { type LatestOf, readGaps, readLatest } from './latest-queries.js';
import { type ReadSeries, readSeries } from './queries.js';
import { samples } from './samples.projection.js';
import { samplesParameters, type SamplesQuery } from './samples-parameters.http.js';
import { GapsResponse, LatestPageResponse } from './samples-responses.http.js';

const after = { parse: position, description: 'Wait until this position is visible.' };
const page = {
  limit: { parse: integerFrom(1, 10_000), description: 'Series of a page; 1,000 unless given.' },
  cursor: { parse: text(4096), description: 'The `nextCursor` of the page before.' },
  after,
};
const site = { parse: text(100), description: 'Id of a site: only its devices.' };
const latestParameters = { site, ...page } satisfies Parameters;
const staleParameters = {
  site,
  intervals: {
    parse: integerFrom(1, 1_000),
    description: 'How many expected intervals must have passed; 3 unless given.',
  },
  ...page,
} satisfies Parameters;
const gapParameters = {
  ...{ series: samplesParameters.series, from: samplesParameters.from, to: samplesParameters.to },
  longest: {
    parse: integerFrom(1, 31_536_000_000),
    description:
      'A longer time without a sample is a gap, in milliseconds; one and a half of the expected interval unless given.',
  },
  after,
} satisfies Parameters;

interface PageQuery {
  readonly site?: string;
  readonly intervals?: number;
  readonly limit?: number;
  readonly cursor?: string;
  readonly after?: Position;
}

/** Gaps of one series that are listed. */
const mostGaps = 1_000;

const iso = (at: number): string => new Date(at).toISOString();

@ApiTags('samples')
@ApiBearerAuth()
@Controller('v1')
@RequirePermission('samples.read')
export class LatestController {
  constructor(@Inject(ResourceReader) private readonly reader: ResourceReader) {}

  @Get('latest')
  @ApiOperation({
    summary: 'The newest sample of every series',
    description: 'The newest by the time at which it was taken, in whatever order samples came.',
  })
  @Parametrized(latestParameters)
  @ApiOkResponse({ type: LatestPageResponse })
  latest(@Query() query: Record<string, unknown>) {
    const wanted = readParameters<PageQuery>(query, latestParameters);
    return this.page(wanted, { site: wanted.site });
  }

  @Get('devices/stale')
  @ApiOperation({
    summary: 'Series that should have sent something and did not',
    description:
      'Those with an expected interval, of which so many passed since their newest sample.',
  })
  @Parametrized(staleParameters)
  @ApiOkResponse({ type: LatestPageResponse })
  stale(@Query() query: Record<string, unknown>) {
    const wanted = readParameters<PageQuery>(query, staleParameters);
    const { intervals = 3 } = wanted;
    return this.page(wanted, { site: wanted.site, stale: { now: wallNow(), intervals } });
  }

  @Get('devices/:id/latest')
  @ApiOperation({
    summary: 'The newest sample of every series of a device',
    description: 'By the time at which it was taken, whenever it came.',
  })
  @Parametrized(page)
  @ApiOkResponse({ type: LatestPageResponse })
  latestOfDevice(@Param('id') device: string, @Query() query: Record<string, unknown>) {
    return this.page(readParameters<PageQuery>(query, page), { device });
  }

  @Get('devices/:id/gaps')
  @ApiOperation({
    summary: 'Times in which series have no samples',
    description: `The first ${String(mostGaps)} of each series; bad samples are none.`,
  })
  @Parametrized(gapParameters)
  @ApiOkResponse({ type: GapsResponse })
  async gaps(
    @Param('id') device: string,
    @Query() query: Record<string, unknown>,
  ): Promise<GapsResponse> {
    const wanted = readParameters<SamplesQuery & { longest?: number }>(query, gapParameters);
    const { series: names, from, to, longest } = wanted;
    if (!names || !from || !to || from >= to) throw rangeMissing();
    const { store } = this.reader;
    await visibleIn(samples)(store, wanted.after);
    const range = { from: from.getTime(), to: to.getTime(), limit: mostGaps + 1 };
    const series = [];
    for (const one of await readSeries(store.pool, device, names)) {
      const longestMs = longest ?? longestOf(one);
      const gaps = await readGaps(store.pool, one, { ...range, longestMs });
      series.push({
        ...{
          series: one.name,
          intervalMs: one.intervalMs,
          longestMs,
          isWhole: gaps.length <= mostGaps,
        },
        gaps: gaps.slice(0, mostGaps).map((gap) => ({
          ...{ from: iso(gap.from), to: iso(gap.to), ms: gap.to - gap.from },
        })),
      });
    }
    return { from: from.toISOString(), to: to.toISOString(), series };
  }

  private async page(
    { limit = 1_000, cursor, after: position }: PageQuery,
    wanted: Pick<LatestOf, 'device' | 'site' | 'stale'>,
  ): Promise<LatestPageResponse> {
    const { store } = this.reader;
    await visibleIn(samples)(store, position);
    const context = JSON.stringify(['latest', wanted.device, wanted.site, wanted.stale?.intervals]);
    const behind = cursor === undefined ? 0 : Number(decodeCursor(cursor, context, ['bigint'])[0]);
    const rows = await readLatest(store.pool, { ...wanted, behind, limit: limit + 1 });
    const items = rows.slice(0, limit);
    const last = rows.length > limit ? items.at(-1) : undefined;
    return {
      items: items.map(({ id: _, at, recordedAt, ...row }) => ({
        ...row,
        ...{ at: iso(at), recordedAt: iso(recordedAt) },
        ...(wanted.stale && { silentMs: wanted.stale.now - at }),
      })),
      nextCursor: last ? encodeCursor([String(last.id)], context) : null,
    };
  }
}

const rangeMissing = () =>
  queryInvalid([{ pointer: '?from', reason: 'expected series, from, and a later to' }]);

const longestOf = (series: ReadSeries): number => {
  if (series.intervalMs !== null) return longestGapMs(series);
  throw new Refusal(
    'INTERVAL_UNKNOWN',
    'unprocessable',
    `nobody said how often ${series.name} is measured`,
    {
      errors: [
        { pointer: '?longest', reason: 'expected what is taken for a gap, in milliseconds' },
      ],
    },
  );
};
