import { applyDecorators, HttpCode, Post, type Type } from '@nestjs/common';
import { ApiOperation, ApiProperty, ApiPropertyOptional, ApiResponse } from '@nestjs/swagger';

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

export interface CommandRouteOptions {
  readonly summary: string;
  readonly description: string;
  /** 201 for a new thing; 202 where a running process carries out what was recorded; else 200. */
  readonly status?: 200 | 201 | 202;
  /** Class of the answer's body, where it says more than id, revision and position. */
  readonly answer?: Type;
}

/** A route that carries out one command by the gateway. */
export const CommandRoute = (
  path: string,
  { summary, description, status = 200, answer = WriteResponse }: CommandRouteOptions,
): MethodDecorator =>
  applyDecorators(
    Post(path),
    HttpCode(status),
    ApiOperation({ summary, description }),
    ApiResponse({ status, type: answer }),
  );
