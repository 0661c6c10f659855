import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, Matches, Max, Min, registerDecorator, ValidateNested } from 'class-validator';

import { MayBeMissing } from '#http/validation.js';
import type { Evidence } from '#kernel/event.js';

import { modelKeyOf } from './codes.js';
import { isPlainText } from './read-elements.js';

/** Zero-width characters and the like are not something. */
const showsSomething = (text: string): boolean => modelKeyOf(text) !== '';

/** Text of 1 to `max` characters with something visible, and without control characters. */
export const IsPlainText =
  (max: number): PropertyDecorator =>
  (target, property) => {
    registerDecorator({
      name: 'isPlainText',
      target: target.constructor,
      propertyName: String(property),
      options: {
        message: `expected text of 1 to ${String(max)} characters without control characters`,
      },
      validator: { validate: (value) => isPlainText(value, max) && showsSomething(value) },
    });
  };

/** As `IsPlainText`, for each member of a list. */
export const ArePlainTexts =
  (max: number): PropertyDecorator =>
  (target, property) => {
    registerDecorator({
      name: 'arePlainTexts',
      target: target.constructor,
      propertyName: String(property),
      options: {
        message: `expected texts of 1 to ${String(max)} characters without control characters`,
      },
      validator: {
        validate: (value) =>
          Array.isArray(value) &&
          value.every((text) => isPlainText(text, max) && showsSomething(text)),
      },
    });
  };

/** Texts by name, such as the remarks of a listing: at most `maxEntries` of at most `max` characters. */
export const IsTextRecord =
  (maxEntries: number, max: number): PropertyDecorator =>
  (target, property) => {
    registerDecorator({
      name: 'isTextRecord',
      target: target.constructor,
      propertyName: String(property),
      options: {
        message: `expected an object of at most ${String(maxEntries)} texts of 1 to ${String(max)} characters`,
      },
      validator: {
        validate: (value: unknown) =>
          typeof value === 'object' &&
          value !== null &&
          !Array.isArray(value) &&
          Object.keys(value).length <= maxEntries &&
          Object.entries(value).every(
            ([key, text]) => isPlainText(key, 200) && isPlainText(text, max),
          ),
      },
    });
  };

/** An ISO 8601 date without a time that exists in the calendar. */
export const IsDay = (): PropertyDecorator => (target, property) => {
  registerDecorator({
    name: 'isDay',
    target: target.constructor,
    propertyName: String(property),
    options: { message: 'expected a date such as 2026-02-11' },
    validator: { validate: isDay },
  });
};

const isDay = (value: unknown): boolean => {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return false;
  const time = Date.parse(`${value}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(value);
};

export class EvidenceBody implements Evidence {
  @ApiProperty({
    description: 'SHA-256 of the document, in hexadecimal.',
    example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  })
  @Matches(/^[0-9a-f]{64}$/, { message: 'expected 64 hexadecimal digits in lower case' })
  sha256!: string;

  @ApiPropertyOptional({ example: 'data-sheet.pdf', maxLength: 300 })
  @MayBeMissing()
  @IsPlainText(300)
  file?: string;

  @ApiPropertyOptional({
    minimum: 1,
    description: 'The data row, counted from 1.',
    example: 12,
  })
  @MayBeMissing()
  @IsInt()
  @Min(1)
  @Max(2_147_483_647)
  row?: number;
}

export class ReasonedBody {
  @ApiProperty({
    description: 'Why; kept with the event.',
    example: 'data sheet rev. C',
    maxLength: 1000,
  })
  @IsPlainText(1_000)
  reason!: string;

  @ApiPropertyOptional({ type: EvidenceBody })
  @MayBeMissing()
  @ValidateNested()
  @Type(() => EvidenceBody)
  evidence?: EvidenceBody;
}

export class WriteAnswer {
  @ApiProperty() id!: string;
  @ApiProperty({ description: 'Counts the events of the resource from 0; also in ETag.' })
  revision!: number;
  @ApiProperty({ description: 'A place in the log, for ?after=.' }) position!: string;
}

/** A name or id in a path or body. */
export const maxNameLength = 200;
