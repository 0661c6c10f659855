import { ApiProperty } from '@nestjs/swagger';

import { instant, oneOf, text } from '#http/query-params.js';
import type { Source } from '#kernel/event.js';
import { intake, intakeSchema } from '#projections/intake/intake.projection.js';
import { samples, samplesSchema } from '#projections/samples/samples.projection.js';
import { resourceController } from '#resource/controller.js';
import { defineResource, filter, visibleIn } from '#resource/resource.js';
import { compares } from '#resource/sql.js';

const sources = ['mqtt', 'http', 'import', 'process', 'cli'] as const satisfies Source[];

class CountedSamples {
  @ApiProperty({ description: 'New ones that count.' }) accepted!: number;
  @ApiProperty({ description: 'Those that were there already, with the same value.' })
  duplicates!: number;
  @ApiProperty({ description: 'Those of a time that has another value.' }) conflicts!: number;
  @ApiProperty({ description: 'Those of a time whose single samples were dropped.' })
  expired!: number;
}

class IntakeResponse {
  @ApiProperty() deviceId!: string;
  @ApiProperty({ enum: sources, description: 'How it came.' }) way!: string;
  @ApiProperty({ format: 'date-time', description: 'Beginning of the minute in which it came.' })
  minute!: Date;
  @ApiProperty({
    description:
      'Blocks of samples of one day, occurrences, births, states and acknowledgements that were taken.',
  })
  accepted!: number;
  @ApiProperty({ description: 'Messages by MQTT that said what was known already.' })
  duplicates!: number;
  @ApiProperty({
    description: 'What went to the quarantine; the rest of such a message may be accepted.',
  })
  quarantined!: number;
  @ApiProperty({ description: 'Messages that were refused and not kept.' }) rejected!: number;
  @ApiProperty({
    ...{ type: 'object', additionalProperties: { type: 'integer' } },
    description: 'Why they were rejected, with how often, by code.',
  })
  reasons!: object;
  @ApiProperty({
    type: CountedSamples,
    nullable: true,
    description: 'The samples in what was accepted, one by one.',
  })
  samples!: CountedSamples | null;
}

const minute = "(extract(epoch from o.minute at time zone 'UTC'))";

/** Joins two read models, so that it is of neither: messages are counted by the one, samples by the other. */
const outcomes = defineResource({
  name: 'intake',
  tag: 'samples',
  permission: 'samples.read',
  ready: async (store, after) => {
    await visibleIn(intake)(store, after);
    await visibleIn(samples)(store, after);
  },
  response: IntakeResponse,
  id: 'o.id',
  select: `o.device_id as "deviceId", o.way, o.minute, o.accepted::float8, o.duplicates::float8,
    o.quarantined::float8, o.rejected::float8, o.reasons,
    case when s.device_id is not null then jsonb_build_object('accepted', s.accepted,
      'duplicates', s.duplicates, 'conflicts', s.conflicts, 'expired', s.expired) end as samples`,
  from: `${intakeSchema}.outcomes o left join ${samplesSchema}.intake s
    on s.device_id = o.device_id and s.way = o.way and s.minute = o.minute`,
  list: {
    summary: 'What became of what came, by device, way and minute, the newest first',
    description:
      'Messages are counted once a minute, so that refused and repeated ones show up a minute later.',
    filters: {
      deviceId: filter(text(64), compares('o.device_id')),
      way: filter(oneOf(...sources), compares('o.way')),
      from: filter(instant, compares('o.minute', '>=', 'timestamptz')),
      to: filter(instant, compares('o.minute', '<=', 'timestamptz')),
    },
    order: [
      { expression: minute, type: 'numeric', descending: true },
      { expression: 'o.id', type: 'text', descending: true },
    ],
  },
});

export class IntakeController extends resourceController(outcomes) {}
