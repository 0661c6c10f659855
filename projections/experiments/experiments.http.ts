import { Param, Query, Req, Res } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { polarities, technologies } from '#battery-lab/battery/events.js';
import { experimentDecider } from '#battery-lab/experiment/decider.js';
import { evolveDocument, type ExperimentDocument } from '#battery-lab/experiment/document.js';
import type { Electrolyte } from '#battery-lab/experiment/electrolytes.js';
import {
  causes,
  type ExperimentEvent,
  experimentStream,
  instructionKinds,
} from '#battery-lab/experiment/events.js';
import type { Gap } from '#battery-lab/experiment/gaps.js';
import { unknownExperiment } from '#battery-lab/experiment/refusals.js';
import { oneOf, text, uuid } from '#http/query-params.js';
import { answerList } from '#resource/answer-list.js';
import { belongingTo } from '#resource/belonging-to.js';
import { resourceController } from '#resource/controller.js';
import type { Row } from '#resource/keyset.js';
import type { RawQuery } from '#resource/parameters.js';
import { defineResource, filter, visibleIn } from '#resource/resource.js';
import { ListRoute } from '#resource/routes.js';
import { compares, type Condition } from '#resource/sql.js';

import { experiments, experimentsSchema } from './experiments.projection.js';
import { ExperimentImportResponse, rejectedRowList } from './imported.http.js';

const statuses = [
  ...['queued', 'cancelled', 'assigned', 'running', 'paused', 'interrupted', 'tripped'],
  ...['completed', 'aborted', 'failed', 'importing', 'imported'],
] as const;
const orNull = { nullable: true } as const;
const time = { type: String, format: 'date-time', ...orNull } as const;
const number = { type: Number, ...orNull } as const;
const ofExecuted = 'Null for one that was recorded elsewhere, as all that a unit has to do with.';

class ExperimentRangeResponse {
  @ApiProperty() min!: number;
  @ApiProperty() max!: number;
}

class ExperimentLimitsResponse {
  @ApiProperty() voltageV!: ExperimentRangeResponse;
  @ApiProperty({ description: 'Positive charges.' }) currentA!: ExperimentRangeResponse;
  @ApiProperty({ type: ExperimentRangeResponse, ...orNull })
  temperatureC!: ExperimentRangeResponse | null;
  @ApiProperty({ description: 'Seconds for which a limit may be exceeded.' }) persistenceS!: number;
}

class ExperimentDeviceResponse {
  @ApiProperty({ format: 'uuid' }) deviceId!: string;
  @ApiProperty({ description: 'By which the unit knows it.' }) serialNumber!: string;
}

class ExperimentElectrolyteResponse implements Electrolyte {
  @ApiProperty({ enum: polarities }) polarity!: Electrolyte['polarity'];
  @ApiProperty() volumeL!: number;
  @ApiProperty({ description: 'At the start, from 0 to 1.' }) initialStateOfCharge!: number;
  @ApiProperty() flowLPerMin!: ExperimentRangeResponse;
}

class ExperimentPlaceResponse {
  @ApiProperty({ description: 'Counts the executed steps.' }) stepCount!: number;
  @ApiProperty({ description: 'Step of the program.' }) stepId!: number;
  @ApiProperty() cycle!: number;
}

class ExperimentProgressResponse {
  @ApiProperty() elapsedS!: number;
  @ApiProperty() chargeAh!: number;
  @ApiProperty() dischargeAh!: number;
}

class ExperimentGapResponse implements Gap {
  @ApiProperty({ enum: ['pause', 'trip', 'powerLoss', 'lost', 'refused'] }) cause!: Gap['cause'];
  @ApiProperty({ format: 'date-time', description: 'By the clock of the unit.' }) from!: string;
  @ApiProperty({ ...time, description: 'Null: it has not gone on.' }) to!: string | null;
  @ApiProperty({ ...number, description: 'Seconds since the start; null: not said by the unit.' })
  testTimeS!: number | null;
}

class ExperimentHeldResponse {
  @ApiProperty({ example: 'the unit refuses "confirm-limits": the station is tripped, not idle' })
  reason!: string;
  @ApiProperty({ format: 'date-time' }) since!: string;
}

class ExperimentResponse implements ExperimentDocument {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ enum: statuses }) status!: ExperimentDocument['status'];
  @ApiProperty({ example: 'Formation of cell 17' }) name!: string;
  @ApiProperty({ type: String, ...orNull }) description!: string | null;
  @ApiProperty({ format: 'uuid' }) batteryId!: string;
  @ApiProperty({ type: String, format: 'uuid', ...orNull, description: ofExecuted })
  stationId!: string | null;
  @ApiProperty({ type: String, ...orNull }) unitId!: string | null;
  @ApiProperty({ type: ExperimentDeviceResponse, isArray: true, description: 'At its turn.' })
  devices!: readonly ExperimentDeviceResponse[];
  @ApiProperty({ type: String, format: 'uuid', ...orNull }) profileId!: string | null;
  @ApiProperty(number) profileVersion!: number | null;
  @ApiProperty({ type: String, ...orNull, description: 'SHA-256 of the program.' })
  profileHash!: string | null;
  @ApiProperty() nominalCapacityAh!: number;
  @ApiProperty({ type: ExperimentLimitsResponse, ...orNull })
  limits!: ExperimentLimitsResponse | null;
  @ApiPropertyOptional({ type: [ExperimentElectrolyteResponse], description: 'Of redox flow.' })
  electrolytes?: readonly ExperimentElectrolyteResponse[];
  @ApiProperty({ enum: ['on', 'off'], description: 'On also where nobody knows.' })
  output!: 'on' | 'off';
  @ApiProperty({ type: String, format: 'date', ...orNull }) calibratedUntil!: string | null;
  @ApiProperty(time) startedAt!: string | null;
  @ApiProperty(time) endedAt!: string | null;
  @ApiProperty({ ...number, description: 'Seconds since the start, at the end.' })
  testTimeS!: number | null;
  @ApiProperty({ type: ExperimentPlaceResponse, ...orNull }) step!: ExperimentPlaceResponse | null;
  @ApiProperty({
    ...{ type: ExperimentProgressResponse, ...orNull },
    description: 'What the unit has said that it had done of the step, where it has stopped.',
  })
  progress!: ExperimentProgressResponse | null;
  @ApiProperty({
    type: [ExperimentGapResponse],
    description: 'When the program stood, the newest last; 100 at most.',
  })
  gaps!: readonly ExperimentGapResponse[];
  @ApiProperty({
    ...{ type: ExperimentHeldResponse, ...orNull },
    description: 'Why its station cannot take it, nor any other experiment; it is tried again.',
  })
  held!: ExperimentHeldResponse | null;
  @ApiProperty({ enum: instructionKinds, ...orNull, description: 'Not answered by the unit yet.' })
  instruction!: ExperimentDocument['instruction'];
  @ApiProperty({ type: String, ...orNull, description: 'Why it stands where it stands.' })
  message!: string | null;
  @ApiProperty({
    type: ExperimentImportResponse,
    ...orNull,
    description: 'Of one that was recorded elsewhere.',
  })
  import!: ExperimentImportResponse | null;
  @ApiProperty() revision!: number;
}

/** Experiments with batteries of which this column says the value. */
export const ofBatteries =
  (column: 'technology' | 'chemistry' | 'product_id') =>
  (value: unknown): Condition =>
  (sql) =>
    `document ->> 'batteryId' in (select id from ${experimentsSchema}.batteries
      where ${column} = ${sql.add(value)})`;

/** Experiments with batteries of one of these products. */
export const ofProducts =
  (products: readonly string[]): Condition =>
  (sql) =>
    `document ->> 'batteryId' in (select id from ${experimentsSchema}.batteries
      where product_id = any(${sql.add(products)}::text[]))`;

const member = (name: string) => filter(uuid, compares(`document ->> '${name}'`));

export const experimentList = defineResource({
  name: 'experiments',
  tag: 'lab',
  permission: 'lab.read',
  ready: visibleIn(experiments),
  response: ExperimentResponse,
  select: 'id, document, revision::float8',
  from: `${experimentsSchema}.experiments`,
  item: ({ id, document, revision }: Row) =>
    ({ id, ...(document as object), revision }) as unknown as ExperimentResponse,
  list: {
    summary: 'Experiments, the newest first',
    description: 'Each as it stands.',
    filters: {
      status: filter(oneOf(...statuses), compares(`document ->> 'status'`)),
      name: filter(text(100), compares(`document ->> 'name'`)),
      batteryId: member('batteryId'),
      stationId: member('stationId'),
      profileId: member('profileId'),
      technology: filter(oneOf(...technologies), ofBatteries('technology'), {
        description: 'Of the battery.',
      }),
      chemistry: filter(text(40), ofBatteries('chemistry'), {
        ...{ description: 'Of the battery.', example: 'LFP' },
      }),
      productId: filter(uuid, ofBatteries('product_id'), {
        description: 'Product of the registry that the battery is one of now.',
      }),
    },
    order: [{ expression: 'registered_position', type: 'bigint', descending: true }],
  },
  one: {
    summary: 'An experiment',
    description: 'As it stands, or as it stood.',
    unknown: unknownExperiment,
  },
  history: {
    summary: 'What happened in an experiment, who did it and why',
    description: 'One item for each event, the oldest first unless `order` says otherwise.',
    folding: {
      streamOf: experimentStream,
      types: experimentDecider,
      evolve(before: (ExperimentDocument & { readonly id: string }) | null, id, event) {
        const state = evolveDocument(before ?? { status: 'absent' }, event as ExperimentEvent);
        return state.status === 'absent' ? null : { ...state, id };
      },
    },
    asOf: ({ state, revision }) => ({ ...state, revision: Number(revision) }),
  },
});

class StepResponse {
  @ApiProperty({ description: 'Counts the executed steps.' }) stepCount!: number;
  @ApiProperty({ description: 'Step of the program.' }) stepId!: number;
  @ApiProperty() cycle!: number;
  @ApiProperty({ format: 'date-time', description: 'By the clock of the unit.' }) startedAt!: Date;
  @ApiProperty({ description: 'Seconds since the start of the test.' }) startTestTimeS!: number;
  @ApiProperty({ ...time, description: 'Null while it runs.' }) endedAt!: Date | null;
  @ApiProperty(number) endTestTimeS!: number | null;
  @ApiProperty({ enum: causes, ...orNull }) cause!: string | null;
  @ApiProperty({ ...number, description: 'Charged, in Ah, by the unit.' }) chargeAh!: number | null;
  @ApiProperty({ ...number, description: 'Discharged, in Ah.' }) dischargeAh!: number | null;
}

export const stepList = defineResource({
  name: 'experiment-steps',
  tag: 'lab',
  permission: 'lab.read',
  ready: visibleIn(experiments),
  response: StepResponse,
  select: `step_count::float8 as "stepCount", step_id::float8 as "stepId", cycle::float8,
    started_at as "startedAt", start_test_time_s as "startTestTimeS", ended_at as "endedAt",
    end_test_time_s as "endTestTimeS", cause, charge_ah as "chargeAh", discharge_ah as "dischargeAh"`,
  from: `${experimentsSchema}.steps`,
  list: {
    summary: 'The steps of an experiment, with why each ended',
    description: 'In the order in which they were executed.',
    filters: { cause: filter(oneOf(...causes), compares('cause')) },
    order: [{ expression: 'step_count', type: 'bigint' }],
  },
});

const ownedBy = (id: string) => ({
  ...{ table: `${experimentsSchema}.experiments`, id, column: 'experiment_id' },
  unknown: unknownExperiment,
});

export class ExperimentsController extends resourceController(experimentList) {
  @ListRoute(stepList, ':id/steps')
  steps(
    @Param('id') id: string,
    @Query() query: RawQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const steps = belongingTo(stepList, ownedBy(id));
    return answerList(this.reader.store, steps, query, request, reply);
  }

  @ListRoute(rejectedRowList, ':id/rejected-rows')
  rejectedRows(
    @Param('id') id: string,
    @Query() query: RawQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const rows = belongingTo(rejectedRowList, ownedBy(id));
    return answerList(this.reader.store, rows, query, request, reply);
  }
}
