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
import { compareCounters } from '#cycling/statistics/compare-counters.js';
import type { CycleStatistics } from '#cycling/statistics/cycle-statistics.js';
import { type CycleDefinition, cycleDefinitions } from '#cycling/statistics/options.js';
import type { StepStatistics } from '#cycling/statistics/step-statistics.js';
import { oneOf, queryInvalid } from '#http/query-params.js';
import { answerList } from '#resource/answer-list.js';
import { belongingTo } from '#resource/belonging-to.js';
import type { Row } from '#resource/keyset.js';
import {
  listParameters,
  type ListQuery,
  Parametrized,
  type RawQuery,
  readParameters,
} from '#resource/parameters.js';
import { ResourceReader } from '#resource/reader.js';
import { defineResource, filter, type Resource } from '#resource/resource.js';
import { ListRoute } from '#resource/routes.js';
import { compares, type Queryable, type SqlParameters } from '#resource/sql.js';

import { activeMassOf } from './experiment-metadata.js';
import { experimentOwning, handled, requireExperiment } from './known-experiment.js';
import { recordRangeOf } from './read-records.js';
import {
  afterParameter,
  count,
  differentialParameters,
  type DifferentialQuery,
  type RecordsQuery,
  usualBinV,
} from './records-parameters.http.js';
import { computedBy, differentialOf, type Tables } from './requested-statistics.js';
import { cycleColumns, stepColumns } from './statistics-columns.js';
import {
  CounterReportResponse,
  CycleResponse,
  DifferentialCapacityResponse,
  shown,
  StepStatisticsResponse,
} from './statistics-responses.http.js';

const ofLab = { tag: 'lab', permission: 'lab.read', ready: handled } as const;
const anyRow = () => () => 'true';

/** By these the statistics are computed when they are asked for, instead of shown as they are kept. */
const computing = {
  definition: filter(oneOf(...cycleDefinitions), anyRow, {
    description:
      'What begins a cycle, instead of what the cycler says: a charge after a discharge, the reverse, or one of the two after what flowed first.',
  }),
  electrode: filter(oneOf('cathode', 'anode'), anyRow, {
    description: 'Of a half-cell: the efficiency of an anode is charge by discharge.',
  }),
  referenceCycle: filter(count, anyRow, { description: 'That retention compares with.' }),
} as const;

interface Computing {
  readonly definition?: CycleDefinition;
  readonly electrode?: 'cathode' | 'anode';
  readonly referenceCycle?: number;
}

/** What is asked for beside what is kept; undefined: nothing. */
const askedIn = ({ definition, electrode, referenceCycle }: Computing) => {
  const asked = {
    ...(definition !== undefined && { cycle: definition }),
    ...(electrode !== undefined && { electrode }),
    ...(referenceCycle !== undefined && { referenceCycle }),
  };
  return Object.keys(asked).length === 0 ? undefined : asked;
};

/** A row as the cycle that it is, with its capacities by so many grams of active material. */
const cycleBy =
  (activeMassG: number | undefined) =>
  ({ document }: Row): CycleResponse => {
    const cycle = shown(document as CycleStatistics);
    const specific = (ah: number) =>
      activeMassG === undefined ? null : (ah * mAhPerAh) / activeMassG;
    return {
      ...cycle,
      specificChargeMahPerG: specific(cycle.chargeAh),
      specificDischargeMahPerG: specific(cycle.dischargeAh),
    };
  };
const mAhPerAh = 1_000;

export const cycleList = defineResource({
  ...ofLab,
  name: 'experiment-cycles',
  response: CycleResponse,
  select: 'document',
  from: 'lab_records.cycle',
  item: cycleBy(undefined),
  list: {
    summary: 'The cycles of an experiment, by what was recorded',
    description:
      'Charge and energy are integrated within steps, and not where records are missing. A cycle that is not whole says why. Capacities in mAh/g are there where the battery states its active mass.',
    filters: { cycle: filter(count, compares('cycle', '=', 'bigint')), ...computing },
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
      cycle: filter(count, compares(`(document -> 'cycle')::bigint`, '=', 'bigint')),
      step: filter(count, compares('step_count', '=', 'bigint'), {
        description: 'Count of the executed step.',
      }),
      ...computing,
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
  async cycles(
    @Param('id') id: string,
    @Query() query: RawQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const item = cycleBy(await activeMassOf(this.reader.folds, id));
    return this.answer({ ...cycleList, item }, 'cycles', id, query, request, reply);
  }

  @ListRoute(stepStatisticsList, ':id/step-statistics')
  steps(
    @Param('id') id: string,
    @Query() query: RawQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.answer(stepStatisticsList, 'steps', id, query, request, reply);
  }

  @Get(':id/counters')
  @RequirePermission('lab.read')
  @ApiOperation({
    summary: "What the cycler's own counters say of the cycles, against what was recorded",
    description:
      'When each counter starts again, as it is seen, and the cycles of which it says something else than the integral of the current.',
  })
  @Parametrized(afterParameter)
  @ApiOkResponse({ type: CounterReportResponse })
  @ApiNotFoundResponse({ description: 'EXPERIMENT_UNKNOWN' })
  async counters(
    @Param('id') id: string,
    @Query() query: RawQuery,
  ): Promise<CounterReportResponse> {
    const { after } = readParameters<RecordsQuery>(query, afterParameter);
    const { store } = this.reader;
    await requireExperiment(store, id, after);
    const { rows } = await store.pool.query<{ document: CycleStatistics }>(
      'select document from lab_records.cycle where experiment_id = $1 order by cycle',
      [id],
    );
    return compareCounters(rows.map(({ document }) => document));
  }

  @Get(':id/differential-capacity')
  @RequirePermission('lab.read')
  @ApiOperation({
    summary: 'dQ/dV of a cycle or of a step',
    description: 'By fixed bins of voltage, and smoothed by nothing else.',
  })
  @Parametrized(differentialParameters)
  @ApiOkResponse({ type: DifferentialCapacityResponse })
  @ApiNotFoundResponse({ description: 'EXPERIMENT_UNKNOWN' })
  async differential(
    @Param('id') id: string,
    @Query() query: RawQuery,
  ): Promise<DifferentialCapacityResponse> {
    const wanted = readParameters<DifferentialQuery>(query, differentialParameters);
    const { cycle, step, direction = 'charge', bin: binV = usualBinV, after } = wanted;
    if (cycle === undefined && step === undefined) {
      throw queryInvalid([{ pointer: '?cycle', reason: 'expected a cycle or a step' }]);
    }
    const { store } = this.reader;
    await requireExperiment(store, id, after);
    const rangeOf = (client: Queryable) => recordRangeOf(client, id, wanted);
    return differentialOf(store, id, { direction, binV, rangeOf });
  }

  private async answer<Item>(
    resource: Resource<Item>,
    kind: keyof Tables,
    id: string,
    query: RawQuery,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const { store } = this.reader;
    const owned = belongingTo(resource, experimentOwning(id));
    const wanted = readParameters<Computing & ListQuery>(query, listParameters(resource));
    const asked = askedIn(wanted);
    if (!asked) return answerList(store, owned, query, request, reply);
    await requireExperiment(store, id, wanted.after);
    const rows = JSON.stringify((await computedBy(store, id, asked))[kind]);
    const listFrom = (sql: SqlParameters) => computedRows(sql.add(id), sql.add(rows));
    return answerList(store, { ...owned, listFrom }, query, request, reply);
  }
}

/** Statistics in JSON as the rows of a table of statistics. */
const computedRows = (id: string, json: string): string =>
  `(select ${id}::text as experiment_id, (document ->> 'cycle')::bigint as cycle,
           (document ->> 'stepCount')::bigint as step_count, document
      from jsonb_array_elements(${json}::jsonb) as documents (document)) computed`;
