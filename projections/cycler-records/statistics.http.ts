import { Controller, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import type { CycleStatistics } from '#cycling/statistics/cycle-statistics.js';
import type { StepStatistics } from '#cycling/statistics/step-statistics.js';
import { integerFrom } from '#http/query-params.js';
import { answerList } from '#resource/answer-list.js';
import { belongingTo } from '#resource/belonging-to.js';
import type { Row } from '#resource/keyset.js';
import type { RawQuery } from '#resource/parameters.js';
import { ResourceReader } from '#resource/reader.js';
import { defineResource, filter, type Resource } from '#resource/resource.js';
import { ListRoute } from '#resource/routes.js';
import { compares } from '#resource/sql.js';

import { experimentOwning, handled } from './known-experiment.js';
import { cycleColumns, stepColumns } from './statistics-columns.js';
import { CycleResponse, shown, StepStatisticsResponse } from './statistics-responses.http.js';

const ofLab = { tag: 'lab', permission: 'lab.read', ready: handled } as const;
const number = integerFrom(0, Number.MAX_SAFE_INTEGER);

export const cycleList = defineResource({
  ...ofLab,
  name: 'experiment-cycles',
  response: CycleResponse,
  select: 'document',
  from: 'lab_records.cycle',
  item: ({ document }: Row) => shown(document as CycleStatistics) as CycleResponse,
  list: {
    summary: 'The cycles of an experiment, by what was recorded',
    description:
      'Charge and energy are integrated within steps, and not where records are missing. A cycle that is not whole says why.',
    filters: { cycle: filter(number, compares('cycle', '=', 'bigint')) },
    order: [{ expression: 'cycle', type: 'bigint' }],
    export: { columns: cycleColumns },
  },
});

export const stepStatisticsList = defineResource({
  ...ofLab,
  name: 'experiment-step-statistics',
  response: StepStatisticsResponse,
  select: 'document',
  from: 'lab_records.step',
  item: ({ document }: Row) => shown(document as StepStatistics) as StepStatisticsResponse,
  list: {
    summary: 'The steps of an experiment, by what was recorded',
    description:
      'In the order in which they were executed. What the cycler says of them itself: `/steps`.',
    filters: {
      cycle: filter(number, compares(`(document -> 'cycle')::bigint`, '=', 'bigint')),
      step: filter(number, compares('step_count', '=', 'bigint'), {
        description: 'Count of the executed step.',
      }),
    },
    order: [{ expression: 'step_count', type: 'bigint' }],
    export: { columns: stepColumns },
  },
});

@ApiTags('lab')
@ApiBearerAuth()
@Controller('v1/experiments')
export class StatisticsController {
  constructor(@Inject(ResourceReader) private readonly reader: ResourceReader) {}

  @ListRoute(cycleList, ':id/cycles')
  cycles(
    @Param('id') id: string,
    @Query() query: RawQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.answer(cycleList, id, query, request, reply);
  }

  @ListRoute(stepStatisticsList, ':id/step-statistics')
  steps(
    @Param('id') id: string,
    @Query() query: RawQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.answer(stepStatisticsList, id, query, request, reply);
  }

  private answer<Item>(
    resource: Resource<Item>,
    id: string,
    query: RawQuery,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const owned = belongingTo(resource, experimentOwning(id));
    return answerList(this.reader.store, owned, query, request, reply);
  }
}
