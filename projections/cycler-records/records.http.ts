import { Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { RequirePermission } from '#access/require-permission.js';
import { decodeCursor, encodeCursor } from '#http/paging.js';
import { queryInvalid } from '#http/query-params.js';
import { tableFormatAskedFor } from '#http/table-export.js';
import { refusePages } from '#resource/answer-list.js';
import { Parametrized, type RawQuery, readParameters } from '#resource/parameters.js';
import { ResourceReader } from '#resource/reader.js';
import type { Queryable } from '#resource/sql.js';

import { metadataOf } from './experiment-metadata.js';
import { handled, requireExperiment } from './known-experiment.js';
import { type PageEnd, readRecordPage, recordRangeOf } from './read-records.js';
import { channelsOf, recordColumns } from './record-columns.js';
import { type RecordsFormat, sendRecords, withColumns } from './records-export.http.js';
import { afterParameter, recordsParameters, type RecordsQuery } from './records-parameters.http.js';
import {
  CyclerRecordListResponse,
  ExperimentMetadataResponse,
  recordShown,
} from './records-responses.http.js';

@ApiTags('lab')
@ApiBearerAuth()
@Controller('v1/experiments')
@RequirePermission('lab.read')
export class RecordsController {
  constructor(@Inject(ResourceReader) private readonly reader: ResourceReader) {}

  @Get(':id/records')
  @ApiOperation({
    summary: 'What the cycler recorded in an experiment',
    description:
      'In the order of the test time. Where something is switched, a cycler takes two records at one test time. With another `format`, ' +
      'or such an `Accept`, all of them come as a file: CSV and NDJSON with units in the names, Parquet with the metadata, `bdf` as ' +
      'CSV of the Battery Data Format.',
  })
  @Parametrized(recordsParameters)
  @ApiOkResponse({ type: CyclerRecordListResponse })
  @ApiNotFoundResponse({ description: 'EXPERIMENT_UNKNOWN' })
  async records(
    @Param('id') id: string,
    @Query() query: RawQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const wanted = readParameters<RecordsQuery>(query, recordsParameters);
    refuseBackwards(wanted);
    const { store } = this.reader;
    await requireExperiment(store, id, wanted.after);
    const format = formatOf(wanted.format, request.headers.accept);
    if (!format) {
      void reply.send(await pageOf(store.pool, id, wanted));
      return;
    }
    refusePages(wanted);
    const rangeOf = (client: Queryable) => recordRangeOf(client, id, wanted);
    await sendRecords(reply, this.reader, { id, format, rangeOf });
  }

  @Get(':id/metadata')
  @ApiOperation({
    summary: 'What has to be known of an experiment beside its records',
    description:
      'The experiment; its battery, station and devices as they were when it began, with the calibration that counted on that ' +
      'day; the version of the profile; the files of an import with their hashes; the columns of exports with their units.',
  })
  @Parametrized(afterParameter)
  @ApiOkResponse({ type: ExperimentMetadataResponse })
  @ApiNotFoundResponse({ description: 'EXPERIMENT_UNKNOWN' })
  async metadata(
    @Param('id') id: string,
    @Query() query: RawQuery,
  ): Promise<ExperimentMetadataResponse> {
    const { after } = readParameters<Pick<RecordsQuery, 'after'>>(query, afterParameter);
    const { store, folds } = this.reader;
    await handled(store, after);
    const metadata = await metadataOf(folds, id);
    return withColumns(metadata, recordColumns(await channelsOf(store.pool, id)));
  }
}

const formatOf = (
  format: RecordsQuery['format'],
  accept: string | undefined,
): RecordsFormat | undefined => (format === 'bdf' ? format : tableFormatAskedFor(format, accept));

const refuseBackwards = ({ from, to }: RecordsQuery): void => {
  if (from === undefined || to === undefined || from <= to) return;
  throw queryInvalid([{ pointer: '?to', reason: 'expected a time that is not before from' }]);
};

const pageOf = async (
  client: Queryable,
  id: string,
  wanted: RecordsQuery,
): Promise<CyclerRecordListResponse> => {
  const { from, to, cycle, step, limit = 1_000, cursor } = wanted;
  const context = JSON.stringify(['records', id, from, to, cycle, step]);
  const behind = cursor === undefined ? undefined : pageEndIn(cursor, context);
  const range = await recordRangeOf(client, id, wanted);
  if (!range) return { items: [], nextCursor: null };
  const { records, end } = await readRecordPage(client, id, range, { limit, behind });
  return {
    items: records.map(recordShown),
    nextCursor: end && encodeCursor([String(end.testTimeS), String(end.shown)], context),
  };
};

const pageEndIn = (cursor: string, context: string): PageEnd => {
  const [at, shown] = decodeCursor(cursor, context, ['text', 'bigint']);
  const testTimeS = Number(at);
  if (Number.isFinite(testTimeS)) return { testTimeS, shown: Number(shown) };
  const reason = 'expected the nextCursor of an earlier page, unchanged';
  throw queryInvalid([{ pointer: '?cursor', reason }]);
};
