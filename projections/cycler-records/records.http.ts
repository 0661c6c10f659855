import { Controller, Get, Inject, Param, Query, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';

import { RequirePermission } from '#access/require-permission.js';
import { decodeCursor, encodeCursor } from '#http/paging.js';
import { queryInvalid } from '#http/query-params.js';
import { Parametrized, type RawQuery, readParameters } from '#resource/parameters.js';
import { ResourceReader } from '#resource/reader.js';
import type { Queryable } from '#resource/sql.js';

import { requireExperiment } from './known-experiment.js';
import { type PageEnd, readRecordPage, type RecordRange, stepsOfCycle } from './read-records.js';
import { recordsParameters, type RecordsQuery } from './records-parameters.http.js';
import { CyclerRecordListResponse, recordShown } from './records-responses.http.js';

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
      'In the order of the test time. Where something is switched, a cycler takes two records at one test time.',
  })
  @Parametrized(recordsParameters)
  @ApiOkResponse({ type: CyclerRecordListResponse })
  @ApiNotFoundResponse({ description: 'EXPERIMENT_UNKNOWN' })
  async records(
    @Param('id') id: string,
    @Query() query: RawQuery,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const wanted = readParameters<RecordsQuery>(query, recordsParameters);
    refuseBackwards(wanted);
    const { store } = this.reader;
    await requireExperiment(store, id, wanted.after);
    void reply.send(await pageOf(store.pool, id, wanted));
  }
}

const refuseBackwards = ({ from, to }: RecordsQuery): void => {
  if (from === undefined || to === undefined || from <= to) return;
  throw queryInvalid([{ pointer: '?to', reason: 'expected a time that is not before from' }]);
};

/** Undefined where there is no such cycle, or the step is of another one. */
const rangeOf = async (
  client: Queryable,
  id: string,
  { from: fromS, to: toS, cycle, step }: RecordsQuery,
): Promise<RecordRange | undefined> => {
  const one = step === undefined ? undefined : { first: step, last: step };
  if (cycle === undefined) return { fromS, toS, steps: one };
  const all = await stepsOfCycle(client, id, cycle);
  if (!all) return undefined;
  const steps = one ?? all;
  return steps.first < all.first || steps.last > all.last ? undefined : { fromS, toS, steps };
};

const pageOf = async (
  client: Queryable,
  id: string,
  wanted: RecordsQuery,
): Promise<CyclerRecordListResponse> => {
  const { from, to, cycle, step, limit = 1_000, cursor } = wanted;
  const context = JSON.stringify(['records', id, from, to, cycle, step]);
  const behind = cursor === undefined ? undefined : pageEndIn(cursor, context);
  const range = await rangeOf(client, id, wanted);
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
