import { applyDecorators, HttpCode, Post, SetMetadata, type Type } from '@nestjs/common';
import { ApiOperation, ApiProperty, ApiPropertyOptional, ApiResponse } from '@nestjs/swagger';
import { Type as Transformed } from 'class-transformer';
import { IsInt, Max, Min, ValidateNested } from 'class-validator';

import type { Evidence } from '#kernel/event.js';

import { PatternField, TextField } from './body-fields.js';
import { WriteResponse } from './command-response.js';
import { IsText, MayBeMissing } from './validation.js';

const reason = {
  description: 'Why; kept with the event.',
  example: 'planned maintenance',
  maxLength: 2000,
};

/** A command that says why. */
export class RequiredReasonBody {
  @ApiProperty(reason)
  @IsText(2000)
  reason!: string;
}

/** A command that may say why. */
export class OptionalReasonBody {
  @ApiPropertyOptional(reason)
  @MayBeMissing()
  @IsText(2000)
  reason?: string;
}

const rowExpected = 'expected the number of a data row, counted from 1';

export class EvidenceBody implements Evidence {
  @PatternField(/^[0-9a-f]{64}$/, '64 hexadecimal digits in lower case', {
    description: 'SHA-256 of the document, in hexadecimal.',
    example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  })
  sha256!: string;

  @TextField(300, { optional: true, example: 'data-sheet.pdf' })
  file?: string;

  @ApiPropertyOptional({
    minimum: 1,
    description: 'The data row, counted from 1.',
    example: 12,
  })
  @MayBeMissing()
  @IsInt({ message: rowExpected })
  @Min(1, { message: rowExpected })
  @Max(2_147_483_647, { message: rowExpected })
  row?: number;
}

/** A command that says why, and may name the document that it rests on. */
export class ReasonedBody {
  @TextField(1000, { description: reason.description, example: 'data sheet rev. C' })
  reason!: string;

  @ApiPropertyOptional({ type: EvidenceBody })
  @MayBeMissing()
  @ValidateNested({ message: 'expected an object with sha256, and file and row where known' })
  @Transformed(() => EvidenceBody)
  evidence?: EvidenceBody;
}

export interface CommandRouteOptions {
  readonly summary: string;
  readonly description: string;
  /** 201 for a new thing; 202 where a running process carries out what was recorded; else 200. */
  readonly status?: 200 | 201 | 202;
  /** Class of the answer's body, where it says more than id, revision and position. */
  readonly answer?: Type;
}

/** Metadata of a handler: it carries out a command by the gateway. */
export const isCommandRoute = 'isCommandRoute';

/** A route that carries out one command by the gateway. */
export const CommandRoute = (
  path: string,
  { summary, description, status = 200, answer = WriteResponse }: CommandRouteOptions,
): MethodDecorator =>
  applyDecorators(
    Post(path),
    SetMetadata(isCommandRoute, true),
    HttpCode(status),
    ApiOperation({ summary, description }),
    ApiResponse({ status, type: answer }),
  );
