import { Query, Req, Res } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { instant, oneOf, text } from '#http/query-params.js';
import { answerList } from '#resource/answer-list.js';
import { resourceController } from '#resource/controller.js';
import type { Folding } from '#resource/folds.js';
import type { RawQuery } from '#resource/parameters.js';
import { defineResource, filter, visibleIn } from '#resource/resource.js';
import { ListRoute } from '#resource/routes.js';
import { compares } from '#resource/sql.js';
import { quarantineDecider, unknownQuarantined } from '#telemetry/quarantine/decider.js';
import { quarantineCategory, type QuarantineEvent, ways } from '#telemetry/quarantine/events.js';
import { QuarantineProblem } from '#telemetry/quarantine/quarantine-problem.http.js';

import { intake, intakeSchema } from './intake.projection.js';

const states = ['waiting', 'replayed', 'discarded'] as const;
const orNull = { type: String, nullable: true } as const;

class ListedQuarantinedResponse {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() deviceId!: string;
  @ApiProperty({ enum: ways, description: 'How it came.' }) way!: string;
  @ApiProperty({
    ...orNull,
    description: 'Null: samples of a message whose other ones were taken.',
  })
  topic!: string | null;
  @ApiProperty({ enum: states }) state!: (typeof states)[number];
  @ApiProperty({
    type: [QuarantineProblem],
    description: 'The first of what is wrong, as the newest try found it.',
  })
  problems!: readonly QuarantineProblem[];
  @ApiProperty({ format: 'date-time', description: 'When it came.' }) quarantinedAt!: Date;
  @ApiProperty({ description: 'How many bytes there were.' }) bytes!: number;
  @ApiProperty({ description: 'Samples in it, as far as it could be read.' }) samples!: number;
  @ApiProperty({ description: 'Replays that found it wrong still.' }) failedReplays!: number;
  @ApiProperty({
    ...orNull,
    format: 'date-time',
    description: 'When it was replayed or discarded.',
  })
  settledAt!: Date | null;
  @ApiProperty({ ...orNull, description: 'Principal who did.' }) settledBy!: string | null;
  @ApiProperty({ ...orNull, description: 'Why.' }) settledReason!: string | null;
  @ApiProperty() revision!: number;
}

class QuarantinedResponse extends ListedQuarantinedResponse {
  @ApiProperty({ description: 'SHA-256 of all bytes, in hexadecimal.' }) sha256!: string;
  @ApiProperty({ description: 'How many bytes are kept, from the first on.' }) keptBytes!: number;
  @ApiProperty({ format: 'byte', description: 'The bytes in base64.' }) content!: string;
  @ApiProperty({ description: 'The bytes as text in UTF-8; � stands for what is none.' })
  text!: string;
}

const listed = `id, device_id as "deviceId", way, topic, state, problems,
    quarantined_at as "quarantinedAt", bytes::float8, samples::float8,
    failed_replays::float8 as "failedReplays", settled_at as "settledAt",
    settled_by as "settledBy", settled_reason as "settledReason", revision::float8`;

/** What a history shows: not the bytes, which never change. */
interface Standing {
  readonly state: string;
  readonly problems: readonly QuarantineProblem[];
}

const folding: Folding<Standing, QuarantineEvent> = {
  streamOf: (id) => `${quarantineCategory}-${id}`,
  types: quarantineDecider,
  evolve(before, _, { type, data }) {
    if (type === 'MessageQuarantined') return { state: 'waiting', problems: data.problems };
    if (!before) return null;
    if (type === 'QuarantinedReplayFailed') return { ...before, problems: data.problems };
    return { ...before, state: type === 'QuarantinedReplayed' ? 'replayed' : 'discarded' };
  },
};

const shared = {
  name: 'quarantine',
  tag: 'quarantine',
  permission: 'quarantine.read',
  ready: visibleIn(intake),
  from: `${intakeSchema}.quarantined`,
  list: {
    summary: 'Messages that could not be taken, the newest first',
    description:
      'What a device sent and could not be read, or samples of it that could not be taken, each with the reason.',
    filters: {
      deviceId: filter(text(64), compares('device_id')),
      state: filter(oneOf(...states), compares('state')),
      way: filter(oneOf(...ways), compares('way')),
      reason: filter(
        text(200),
        (part) => (sql) =>
          `exists (select from jsonb_array_elements(problems) p
            where strpos(lower(p ->> 'reason'), lower(${sql.add(part)})) > 0)`,
        { description: 'A part of a reason, in whatever case.', example: 'ahead of the server' },
      ),
      from: filter(instant, compares('quarantined_at', '>=', 'timestamptz')),
      to: filter(instant, compares('quarantined_at', '<=', 'timestamptz')),
    },
    order: [{ expression: 'position', type: 'bigint', descending: true }],
  },
} as const;

/** A list leaves the bytes out: a page of them would be megabytes. */
const quarantineList = defineResource({
  ...shared,
  response: ListedQuarantinedResponse,
  select: listed,
});

const quarantine = defineResource({
  ...shared,
  response: QuarantinedResponse,
  select: `${listed}, sha256, content`,
  item: (row) => {
    const content = Buffer.from(String(row['content']), 'base64');
    const bytes = { keptBytes: content.length, text: content.toString() };
    return { ...row, ...bytes } as QuarantinedResponse;
  },
  one: {
    summary: 'One message that could not be taken, with its bytes',
    description: 'As it stands.',
    unknown: unknownQuarantined,
  },
  history: {
    summary: 'What became of a message of the quarantine, when, by whom and why',
    description: 'The oldest change first.',
    folding,
  },
});

export class QuarantinedController extends resourceController(quarantine) {
  @ListRoute(quarantineList)
  override list(
    @Query() query: RawQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return answerList(this.reader.store, quarantineList, query, request, reply);
  }
}
