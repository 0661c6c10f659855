import { applyDecorators } from '@nestjs/common';
import {
  ApiExtraModels,
  ApiOkResponse,
  ApiProperty,
  ApiPropertyOptional,
  getSchemaPath,
} from '@nestjs/swagger';

import { functions, type SeriesFunction } from '#series/functions.js';
import { qualities } from '#telemetry/samples/events.js';
import { interpolations, seriesKinds, valueTypes } from '#telemetry/series/events.js';

import { type BucketShown, type Fill, fills } from './samples-answer.js';

type Schema = Parameters<typeof ApiProperty>[0];
const orNull = { nullable: true } as const;
const time = { format: 'date-time' } as const;
const unit = { type: String, ...orNull, description: 'Null where it has none or nobody said.' };
export const anyValue = {
  oneOf: [{ type: 'number' }, { type: 'boolean' }, { type: 'string' }],
} satisfies Schema;
const fns = { enum: functions, isArray: true } as const;

export class BucketResponse implements BucketShown {
  @ApiProperty(time) start!: string;
  @ApiProperty(time) end!: string;
  @ApiProperty({ type: Number, ...orNull, description: 'Null where that is not known.' })
  coverage!: number | null;
  @ApiPropertyOptional({ ...fns, description: 'Those whose value was put in.' })
  filled?: readonly SeriesFunction[];
}
// What `fn` names; null where nothing is known.
for (const fn of functions.filter((one) => one !== 'coverage'))
  ApiPropertyOptional({ type: Number, ...orNull })(BucketResponse.prototype, fn);

/** How a series is read. */
class SeriesRulesResponse {
  @ApiProperty() series!: string;
  @ApiProperty({ enum: valueTypes }) valueType!: string;
  @ApiProperty({ enum: seriesKinds }) kind!: string;
  @ApiProperty({
    enum: interpolations,
    description:
      'How it goes between two samples: as declared, which is hold unless said; linear for numbers that nobody declared.',
  })
  interpolation!: string;
  @ApiProperty({ type: Number, ...orNull, description: 'Expected time between two samples.' })
  intervalMs!: number | null;
  @ApiPropertyOptional({ description: 'Where a total starts again at zero.' }) rollOver?: number;
  @ApiProperty({ description: 'Otherwise these are the rules for what nobody declared.' })
  declared!: boolean;
  @ApiProperty(unit) unit!: string | null;
}

export const unitsProperty = {
  type: 'object',
  additionalProperties: { type: 'string', nullable: true },
  description: 'Of each function.',
} satisfies Schema;

class BucketedSeriesResponse extends SeriesRulesResponse {
  @ApiProperty(unitsProperty) units!: Readonly<Record<string, string | null>>;
  @ApiProperty({
    enum: ['raw', 'minute', 'hour', 'day', 'month'],
    isArray: true,
    description: 'What the numbers come from; all of them give the same ones.',
  })
  resolution!: readonly string[];
  @ApiPropertyOptional({ description: 'Of a total.' }) resets?: number;
  @ApiPropertyOptional({ description: 'Of a total.' }) badReadings?: number;
  @ApiProperty({ type: BucketResponse, isArray: true }) buckets!: readonly BucketResponse[];
}

class RangeResponse {
  @ApiProperty(time) from!: string;
  @ApiProperty(time) to!: string;
  @ApiPropertyOptional({ description: 'The position of the log by which it was known so.' })
  asOf?: string;
}

export class BucketedSamplesResponse extends RangeResponse {
  @ApiProperty() timeZone!: string;
  @ApiProperty({ enum: fills }) fill!: Fill;
  @ApiProperty(fns) functions!: readonly SeriesFunction[];
  @ApiProperty({ type: BucketedSeriesResponse, isArray: true })
  series!: readonly BucketedSeriesResponse[];
}

class SampleResponse {
  @ApiProperty() series!: string;
  @ApiProperty(time) at!: string;
  @ApiProperty(anyValue) value!: number | boolean | string;
  @ApiProperty({ enum: qualities }) quality!: string;
}

class PagedSeriesResponse extends SeriesRulesResponse {
  @ApiPropertyOptional({ ...time, description: 'Single samples before it were dropped.' })
  droppedBefore?: string;
}

export class SamplesPageResponse extends RangeResponse {
  @ApiProperty({ enum: ['raw'], isArray: true }) resolution!: readonly string[];
  @ApiProperty({ type: PagedSeriesResponse, isArray: true })
  series!: readonly PagedSeriesResponse[];
  @ApiProperty({ type: SampleResponse, isArray: true }) items!: readonly SampleResponse[];
  @ApiProperty({ type: String, ...orNull }) nextCursor!: string | null;
}

const answers = [BucketedSamplesResponse, SamplesPageResponse];

/** With buckets, or page by page. */
export const AnswersSamples = applyDecorators(
  ApiExtraModels(...answers),
  ApiOkResponse({ schema: { oneOf: answers.map((one) => ({ $ref: getSchemaPath(one) })) } }),
);

class LatestSampleResponse {
  @ApiProperty({ format: 'uuid' }) device!: string;
  @ApiProperty() series!: string;
  @ApiProperty(unit) unit!: string | null;
  @ApiProperty({ enum: seriesKinds }) kind!: string;
  @ApiProperty({ type: Number, ...orNull }) intervalMs!: number | null;
  @ApiProperty(time) at!: string;
  @ApiProperty(anyValue) value!: number | boolean | string;
  @ApiProperty({ enum: qualities }) quality!: string;
  @ApiProperty({ ...time, description: 'When it came.' }) recordedAt!: string;
  @ApiPropertyOptional({ description: 'How long nothing newer came; of what is stale.' })
  silentMs?: number;
}

export class LatestPageResponse {
  @ApiProperty({ type: LatestSampleResponse, isArray: true })
  items!: readonly LatestSampleResponse[];
  @ApiProperty({ type: String, ...orNull }) nextCursor!: string | null;
}

class GapResponse {
  @ApiProperty(time) from!: string;
  @ApiProperty(time) to!: string;
  @ApiProperty() ms!: number;
}

class SeriesGapsResponse {
  @ApiProperty() series!: string;
  @ApiProperty({ type: Number, ...orNull }) intervalMs!: number | null;
  @ApiProperty({ description: 'A longer time without a sample is a gap.' }) longestMs!: number;
  @ApiProperty({ description: 'Whether these are all.' }) isWhole!: boolean;
  @ApiProperty({ type: GapResponse, isArray: true }) gaps!: readonly GapResponse[];
}

export class GapsResponse {
  @ApiProperty(time) from!: string;
  @ApiProperty(time) to!: string;
  @ApiProperty({ type: SeriesGapsResponse, isArray: true }) series!: readonly SeriesGapsResponse[];
}
