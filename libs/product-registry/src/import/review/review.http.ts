import { Body, Controller, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiProperty, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { ArrayMaxSize, IsInt, Max, Min } from 'class-validator';

import { RequirePermission } from '#access/require-permission.js';
import {
  BooleanField,
  ChoiceField,
  NumberField,
  PatternField,
  TextField,
  TextsField,
} from '#http/body-fields.js';
import { Call, CommandGateway, type HttpCall } from '#http/command-gateway.js';
import { commandResponse, WriteResponse } from '#http/command-response.js';
import { CommandRoute } from '#http/command-route.js';
import { bodyInvalid, MayBeMissing } from '#http/validation.js';

import { DecideReview, type ReviewRequest } from '../commands.js';
import { rowsPerEvent } from '../events.js';
import { Imports } from '../imports.js';
import { isRule } from './decide-review.js';
import { itemKeyPattern } from './open-items.js';
import { type DecidableKind, decidableKinds } from './review-kinds.js';

const rowsExpected = `expected a list of at most ${String(rowsPerEvent)} numbers of data rows, from 1`;

class ReviewBody implements ReviewRequest {
  @ChoiceField(['accept', 'reject'], {
    description:
      '`accept`: the product is renamed or transferred, the list’s values are taken, what is gone is no longer listed. ' +
      '`reject`: the row is a product of its own, the values that stand are kept, what is gone stays listed; a row of kind `other`, ' +
      'by its number alone, is left as it is and not asked about again.',
    example: 'accept',
  })
  decision!: 'accept' | 'reject';

  @TextField(1000, {
    description: 'Why; kept with each event.',
    example: 'notice of the manufacturer',
  })
  reason!: string;

  @ApiPropertyOptional({
    ...{ isArray: true, type: 'integer', minimum: 1, maxItems: rowsPerEvent },
    ...{ description: 'Rows that are decided.', example: [14] },
  })
  @MayBeMissing()
  @Min(1, { each: true, message: rowsExpected })
  @Max(2_147_483_647, { each: true, message: rowsExpected })
  @IsInt({ each: true, message: rowsExpected })
  @ArrayMaxSize(rowsPerEvent, { message: rowsExpected })
  rows?: readonly number[];

  @TextsField(rowsPerEvent, 36, {
    optional: true,
    description: 'Ids of products that the list no longer names.',
  })
  absent?: readonly string[];

  @BooleanField({
    optional: true,
    description: 'Instead of items: all that waits, but for what is gone.',
  })
  all?: boolean;

  @ChoiceField(decidableKinds, {
    optional: true,
    description:
      'Instead of items: all of a kind. Of rules only one with `gone` decides what is gone.',
  })
  kind?: DecidableKind;

  @TextField(500, {
    optional: true,
    description:
      'Instead of items: all of a manufacturer, as the list writes it, in any case; without a kind but for what is gone.',
  })
  manufacturer?: string;

  @NumberField(
    { min: 1, max: rowsPerEvent, whole: true },
    {
      optional: true,
      description: `Items of a rule that are tried; ${String(rowsPerEvent)} unless given.`,
    },
  )
  limit?: number;

  @PatternField(itemKeyPattern, '`next` of an earlier answer', {
    optional: true,
    description: 'Goes on with a rule: `next` of the answer before.',
  })
  after?: string;
}

class RefusedItemResponse {
  @ApiPropertyOptional() row?: number;
  @ApiPropertyOptional({ format: 'uuid' }) productId?: string;
  @ApiProperty({ example: 'REVIEW_NOT_OPEN' }) code!: string;
  @ApiProperty() detail!: string;
}

class ReviewResponse extends WriteResponse {
  @ApiProperty({ description: 'Rows and products that were decided.' }) readonly decided!: number;
  @ApiProperty({
    type: [RefusedItemResponse],
    description: 'Those that were not, and why. They wait on.',
  })
  readonly refused!: readonly RefusedItemResponse[];
  @ApiProperty({ description: 'What the request is about and still waits.' })
  readonly left!: number;
  @ApiProperty({
    description:
      'Of a rule without a kind: products that are gone, and wait on. Kind `gone`, or naming them, decides these.',
  })
  readonly gone!: number;
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Of a rule: send it as `after` to go on; null where all of it was tried.',
  })
  readonly next!: string | null;
}

/** What of imports waits for a person is decided here; the items are listed by `projections/imports`. */
@ApiTags('imports')
@ApiBearerAuth()
@Controller('v1/imports')
@RequirePermission('imports.review')
export class ReviewController {
  constructor(
    private readonly imports: Imports,
    private readonly gateway: CommandGateway,
  ) {}

  @CommandRoute(':id/review', {
    summary: 'Decide what waits in review',
    description:
      'Rows and products by name, or by a rule, which delists what is gone only where it names that kind. What somebody has changed meanwhile is refused by name and holds ' +
      'nothing else up. The contents of rows are taken by the next `retry`. While a run is under way it is 409 `IMPORT_NOT_FINISHED`.',
    answer: ReviewResponse,
  })
  async review(
    @Param('id') id: string,
    @Body() body: ReviewBody,
    @Call() call: HttpCall,
  ): Promise<ReviewResponse> {
    checkItems(body);
    const { reason: _, ...request } = body;
    const { result } = await this.gateway.execute(call, {
      on: (importId, command: DecideReview, options) =>
        this.imports.review(importId, command, options),
      ...{ id, body },
      command: async (meta) => {
        await this.imports.get(id);
        return new DecideReview(request, meta);
      },
    });
    const { decided, refused, left, gone, next } = result.state;
    const { revision, position } = commandResponse(call.reply, id, result);
    return {
      ...{ id, revision, position, decided, left, gone, next },
      refused: refused.map(({ item, refusal: { code, message: detail } }) => ({
        ...item,
        ...{ code, detail },
      })),
    };
  }
}

/** Items or a rule, not both. Throws `BODY_INVALID`. */
const checkItems = (body: ReviewBody): void => {
  const { rows = [], absent = [], limit, after } = body;
  const named = rows.length + absent.length;
  const isOfRule = isRule(body);
  const errors = [
    ...(named === 0 && !isOfRule
      ? [error('', 'expected rows, absent, all, kind or manufacturer')]
      : []),
    ...(named > 0 && isOfRule ? [error('', 'expected rows and absent, or a rule; not both')] : []),
    ...(named > rowsPerEvent
      ? [error('/rows', `expected at most ${String(rowsPerEvent)} items`)]
      : []),
    ...(limit !== undefined && !isOfRule ? [error('/limit', 'expected only with a rule')] : []),
    ...(after !== undefined && !isOfRule ? [error('/after', 'expected only with a rule')] : []),
  ];
  if (errors.length > 0) throw bodyInvalid(errors);
};

const error = (pointer: string, reason: string) => ({ pointer, reason });
