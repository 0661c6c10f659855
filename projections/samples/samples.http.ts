import { Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { RequirePermission } from '#access/require-permission.js';
import type { Position } from '#event-log/event-log.js';
import { formatPosition } from '#event-log/position.js';
import { decodeCursor, encodeCursor } from '#http/paging.js';
import { type Moment, queryInvalid } from '#http/query-params.js';
import { type TableColumns, tableFormatAskedFor, type TableRow } from '#http/table-export.js';
import { Refusal } from '#kernel/refusal.js';
import type { Folding } from '#resource/folds.js';
import { Parametrized, readParameters } from '#resource/parameters.js';
import { ResourceReader } from '#resource/reader.js';
import { visibleIn } from '#resource/resource.js';
import { fromSnapshot } from '#resource/snapshot.js';
import type { Queryable } from '#resource/sql.js';
import { bucketEdges } from '#series/buckets.js';
import type { SeriesFunction } from '#series/functions.js';
import { seriesDecider, type SeriesState, unknownSeries } from '#telemetry/series/decider.js';
import { type SeriesEvent, seriesStream } from '#telemetry/series/events.js';

import { readSamplePage, type ReadSeries, readSeries } from './queries.js';
import { readBuckets, requireKept } from './read-buckets.js';
import { samples } from './samples.projection.js';
import { bucketsShown, requireFillable, rulesShown, shownAs, toUnit } from './samples-answer.js';
import { bucketColumns, bucketRows, sendExport } from './samples-export.http.js';
import { samplesParameters, type SamplesQuery } from './samples-parameters.http.js';
import {
  AnswersSamples,
  type BucketedSamplesResponse,
  type SamplesPageResponse,
} from './samples-responses.http.js';
import { rulesOf } from './series.js';
import { zoneOfDeviceAt } from './zone-at.js';

/** Buckets of one answer, over all its series. */
const mostBuckets = 50_000;
/** Functions that weigh by time. */
const byTime: readonly SeriesFunction[] = ['twa', 'integral', 'coverage'];
const snapshot = 'set transaction isolation level repeatable read read only';

@ApiTags('samples')
@ApiBearerAuth()
@Controller('v1/devices')
@RequirePermission('samples.read')
export class DeviceSamplesController {
  constructor(@Inject(ResourceReader) private readonly reader: ResourceReader) {}

  @Get(':id/samples')
  @ApiOperation({
    summary: 'What a device measured, sample by sample or by bucket',
    description:
      'With `bucket`, each bucket has the functions that `fn` names and how much of it is covered; one without samples has null. ' +
      'The answer says for each series how it was read, and the resolution that the numbers come from: roll-ups only where they ' +
      'give the same numbers as the samples. Without `bucket`, samples by time, page by page. With `format=csv`, `ndjson` or ' +
      '`parquet`, or such an `Accept`, all of it is exported.',
  })
  @ApiParam({ name: 'id', description: 'Id of the device.' })
  @Parametrized(samplesParameters)
  @AnswersSamples
  async read(
    @Param('id') device: string,
    @Query() query: Record<string, unknown>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const wanted = readParameters<SamplesQuery>(query, samplesParameters);
    const range = rangeOf(wanted);
    const { store } = this.reader;
    await visibleIn(samples)(store, wanted.after);
    const past = await this.pastOf(device, wanted.asOf);
    const format = tableFormatAskedFor(wanted.format, request.headers.accept);
    if (wanted.bucket) {
      const answer = await store.transaction(
        (client) => bucketed(client, device, wanted, { ...range, past }),
        snapshot,
      );
      if (!format) void reply.send(answer);
      else
        sendExport(reply, bucketRows(answer), bucketColumns(answer), {
          name: device,
          format,
        });
    } else if (format) {
      const rows = fromSnapshot(store.pool, (client) =>
        allSamples(client, device, wanted, { ...range, past }),
      );
      sendExport(reply, rows, sampleColumns, { name: device, format });
    } else {
      void reply.send(
        await store.transaction(
          (client) => samplePage(client, device, wanted, { ...range, past }),
          snapshot,
        ),
      );
    }
  }

  private async pastOf(device: string, asOf: Moment | undefined): Promise<Past | undefined> {
    if (!asOf) return undefined;
    const position = await this.reader.positionAt(asOf);
    if (!position) throw unknownSeries();
    await visibleIn(samples)(this.reader.store, position);
    const then = await this.reader.folds.at(seriesFolding, device, position);
    if (!then?.state) throw unknownSeries();
    const zone = await zoneOfDeviceAt(this.reader.folds, device, position);
    return { position, series: then.state, zone };
  }
}

const seriesFolding: Folding<SeriesState, SeriesEvent> = {
  streamOf: seriesStream,
  types: seriesDecider,
  evolve: (state, _, event) => seriesDecider.evolve(state ?? seriesDecider.initialState, event),
};

/** What was known at a position of the log. */
interface Past {
  readonly position: Position;
  readonly series: SeriesState;
  /** Of the site of the device. */
  readonly zone: string;
}

interface Range {
  readonly from: number;
  readonly to: number;
}
type Asked = Range & { readonly past: Past | undefined };

/** The series with the rules that are to be read by. */
const seriesIn = async (
  client: Queryable,
  device: string,
  names: readonly string[],
  { from, past }: Asked,
): Promise<readonly ReadSeries[]> => {
  const all = await readSeries(client, device, names);
  if (!past) return all;
  return all.map((one) => {
    const known = past.series.get(one.name);
    if (!known) throw unknownSeries();
    requireKept(one, [{ from, last: from }]);
    const rules = known.declared ?? rulesOf(known.valueType, known.unit);
    const { unit, declared } = known;
    return { ...one, ...rules, unit, declared: declared !== undefined, zone: past.zone };
  });
};

const shownPast = (past: Past | undefined) => past && { asOf: formatPosition(past.position) };

const rangeOf = ({ series, from, to, bucket, ...ofBuckets }: SamplesQuery): Range => {
  const missing = Object.entries({ series, from, to }).filter(([, value]) => value === undefined);
  if (!from || !to || !series) {
    throw queryInvalid(missing.map(([name]) => ({ pointer: `?${name}`, reason: 'is missing' })));
  }
  const idle = (['fn', 'fill', 'tz'] as const).filter((name) => ofBuckets[name] !== undefined);
  if (!bucket && idle.length > 0) {
    throw queryInvalid(idle.map((name) => ({ pointer: `?${name}`, reason: 'expected a bucket' })));
  }
  if (from < to) return { from: from.getTime(), to: to.getTime() };
  throw queryInvalid([{ pointer: '?to', reason: 'expected a time after from' }]);
};

const iso = (at: number): string => new Date(at).toISOString();

const bucketed = async (
  client: Queryable,
  device: string,
  { series: names = [], bucket, fn = ['avg'], tz, fill = 'none', unit }: SamplesQuery,
  asked: Asked,
): Promise<BucketedSamplesResponse> => {
  const { from, to, past } = asked;
  requireFillable(fn, fill);
  const all = await seriesIn(client, device, names, asked);
  const zone = tz ?? all[0]?.zone ?? 'UTC';
  const most = Math.floor(mostBuckets / all.length);
  const edges = bucket ? bucketEdges(bucket, zone, { from, to, most }) : [from, to];
  const isByTime = fn.some((one) => byTime.includes(one));
  const series = [];
  for (const one of all) {
    requireNumbers(one);
    const columns = new Map(fn.map((name) => [name, shownAs(name, one, unit)]));
    const read = await readBuckets(client, one, {
      ...{ edges, zone, byTime: isByTime, position: past?.position.commit },
    });
    const { summaries, resolution, isTimeKnown } = read;
    series.push({
      ...rulesShown(one),
      unit: unit ?? one.unit,
      units: Object.fromEntries([...columns].map(([name, shown]) => [name, shown.unit])),
      resolution,
      ...(one.kind === 'total' && {
        resets: summaries.reduce((sum, { resets }) => sum + resets, 0),
        badReadings: summaries.reduce((sum, { badReadings }) => sum + badReadings, 0),
      }),
      buckets: bucketsShown(summaries, columns, { fill, isTimeKnown }),
    });
  }
  return {
    ...{ from: iso(from), to: iso(to), ...shownPast(past) },
    ...{ timeZone: zone, fill, functions: fn, series },
  };
};

const requireNumbers = ({ name, valueType }: ReadSeries): void => {
  if (valueType !== 'text') return;
  throw new Refusal(
    'SERIES_IS_TEXT',
    'unprocessable',
    `${name} holds texts, which are not aggregated: leave bucket out`,
    { errors: [{ pointer: '?bucket', reason: 'expected none for a series of texts' }] },
  );
};

const converted = (series: readonly ReadSeries[], unit: string | undefined) => {
  const byId = new Map(series.map((one) => [one.id, { ...one, ...toUnit(one, unit) }]));
  return (row: Awaited<ReturnType<typeof readSamplePage>>[number]) => {
    const { name, factor, offset } = byId.get(row.id) ?? { name: '', factor: 1, offset: 0 };
    const value = typeof row.value === 'number' ? row.value * factor + offset : row.value;
    return { series: name, at: iso(row.at), value, quality: row.quality };
  };
};

const samplePage = async (
  client: Queryable,
  device: string,
  { series: names = [], unit, limit = 1_000, cursor }: SamplesQuery,
  asked: Asked,
): Promise<SamplesPageResponse> => {
  const { past, ...range } = asked;
  const series = await seriesIn(client, device, names, asked);
  const shown = converted(series, unit);
  const position = past?.position.commit;
  const context = JSON.stringify(['samples', device, names, range, unit, String(position)]);
  const [at, id] = cursor === undefined ? [] : decodeCursor(cursor, context, ['bigint', 'bigint']);
  const behind = at === undefined ? undefined : { at: Number(at), id: Number(id) };
  const rows = await readSamplePage(client, series, {
    ...{ ...range, position, behind, limit: limit + 1 },
  });
  const items = rows.slice(0, limit);
  const last = rows.length > limit ? items.at(-1) : undefined;
  return {
    ...{ from: iso(range.from), to: iso(range.to), resolution: ['raw'] },
    ...shownPast(past),
    series: series.map((one) => ({
      ...rulesShown(one),
      unit: unit ?? one.unit,
      ...(one.expiredBefore !== null && { droppedBefore: iso(one.expiredBefore) }),
    })),
    items: items.map(shown),
    nextCursor: last ? encodeCursor([String(last.at), String(last.id)], context) : null,
  };
};

const sampleColumns: TableColumns = {
  ...{ series: 'STRING', at: 'STRING', value: 'DOUBLE', text: 'STRING', quality: 'STRING' },
};

async function* allSamples(
  client: Queryable,
  device: string,
  { series: names = [], unit }: SamplesQuery,
  asked: Asked,
): AsyncGenerator<TableRow> {
  const { past, ...range } = asked;
  const series = await seriesIn(client, device, names, asked);
  const shown = converted(series, unit);
  const limit = 10_000;
  let behind: { at: number; id: number } | undefined;
  for (;;) {
    const rows = await readSamplePage(client, series, {
      ...{ ...range, position: past?.position.commit, behind, limit },
    });
    for (const row of rows) {
      const { value, ...rest } = shown(row);
      const isText = typeof value === 'string';
      yield { ...rest, value: isText ? null : Number(value), text: isText ? value : null };
    }
    if (rows.length < limit) return;
    behind = rows.at(-1);
  }
}
