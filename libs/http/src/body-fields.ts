import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional, type ApiPropertyOptions } from '@nestjs/swagger';
import { Type as Transformed } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  ArrayUnique,
  IsIn,
  IsOptional,
  IsUUID,
  Matches,
  registerDecorator,
  ValidateNested,
} from 'class-validator';

import { instantExpected, isDay, parseInstant } from '#kernel/instant.js';
import { isPlainText, visibleText } from '#kernel/plain-text.js';

import { MayBeMissing } from './validation.js';

// Fields of bodies. Each decorator says both what is documented and what is accepted.

/** What a field says of itself besides its kind. */
export interface FieldOptions {
  readonly description?: string;
  readonly example?: unknown;
  /** The field may be missing. */
  readonly optional?: boolean;
  /** The field may be missing or null. */
  readonly nullable?: boolean;
}

const field = (
  { optional = false, nullable = false, ...about }: FieldOptions,
  schema: ApiPropertyOptions,
  ...checks: PropertyDecorator[]
): PropertyDecorator => {
  const documented = { ...schema, ...about } as ApiPropertyOptions;
  if (nullable) {
    const orNull = { type: String, ...documented, nullable } as ApiPropertyOptions;
    return applyDecorators(ApiPropertyOptional(orNull), IsOptional(), ...checks);
  }
  return optional
    ? applyDecorators(ApiPropertyOptional(documented), MayBeMissing(), ...checks)
    : applyDecorators(ApiProperty(documented), ...checks);
};

const Passes =
  (name: string, message: string, validate: (value: unknown) => boolean): PropertyDecorator =>
  (target, property) => {
    registerDecorator({
      name,
      target: target.constructor,
      propertyName: String(property),
      options: { message },
      validator: { validate },
    });
  };

/** Zero-width characters and the like are not something. */
const isVisible = (value: unknown, max: number): boolean =>
  isPlainText(value, max) && visibleText(value) !== '';

const textOf = (max: number) => `of 1 to ${String(max)} characters without control characters`;

/** Text of 1 to `max` characters with something visible, and without control characters. */
export const TextField = (max: number, options: FieldOptions): PropertyDecorator =>
  field(
    options,
    { maxLength: max },
    Passes('isPlainText', `expected text ${textOf(max)}`, (value) => isVisible(value, max)),
  );

/** Text of several lines, which is read and not kept as it is. */
export const LinesField = (max: number, options: FieldOptions): PropertyDecorator =>
  field(
    options,
    { type: String, maxLength: max },
    Passes(
      'isLines',
      `expected text of 1 to ${String(max)} characters`,
      (value) => typeof value === 'string' && value !== '' && value.length <= max,
    ),
  );

/** A list of at most `maxItems` such texts. */
export const TextsField = (
  maxItems: number,
  max: number,
  options: FieldOptions,
): PropertyDecorator => {
  const message = `expected a list of at most ${String(maxItems)} texts ${textOf(max)}`;
  return field(
    options,
    { isArray: true, type: String, maxItems },
    Passes(
      'arePlainTexts',
      message,
      (value) =>
        Array.isArray(value) &&
        value.length <= maxItems &&
        value.every((text) => isVisible(text, max)),
    ),
  );
};

/** Texts by name, such as the remarks of a listing: at most `maxEntries` of at most `max` characters. */
export const TextRecordField = (
  maxEntries: number,
  max: number,
  options: FieldOptions,
): PropertyDecorator =>
  field(
    options,
    { type: 'object', additionalProperties: { type: 'string' } },
    Passes(
      'isTextRecord',
      `expected an object of at most ${String(maxEntries)} texts of 1 to ${String(max)} characters`,
      (value) =>
        typeof value === 'object' &&
        value !== null &&
        !Array.isArray(value) &&
        Object.keys(value).length <= maxEntries &&
        Object.entries(value).every(
          ([key, text]) => isPlainText(key, 200) && isPlainText(text, max),
        ),
    ),
  );

/** Text of a pattern; `expected` says in words what that is. */
export const PatternField = (
  pattern: RegExp,
  expected: string,
  options: FieldOptions,
): PropertyDecorator => field(options, {}, Matches(pattern, { message: `expected ${expected}` }));

/** A UUID; `expected` says of what. */
export const IdField = (expected: string, options: FieldOptions): PropertyDecorator =>
  field(options, { format: 'uuid' }, IsUUID('all', { message: `expected ${expected}` }));

/** One of a few words. */
export const ChoiceField = (
  values: readonly string[],
  options: FieldOptions,
): PropertyDecorator => {
  const message = `expected one of ${values.join(', ')}`;
  return field(options, { enum: [...values] }, IsIn(values, { message }));
};

/** Some of a few words, each once. */
export const ChoicesField = (
  values: readonly string[],
  options: FieldOptions,
): PropertyDecorator => {
  const message = `expected a list of one or more of ${values.join(', ')}, each once`;
  return field(
    options,
    { enum: [...values], isArray: true },
    IsIn(values, { each: true, message }),
    ArrayUnique({ message }),
    ArrayMaxSize(values.length, { message }),
    ArrayNotEmpty({ message }),
  );
};

/** An ISO 8601 date without a time that exists in the calendar. */
export const DayField = (options: FieldOptions): PropertyDecorator =>
  field(
    options,
    { format: 'date' },
    Passes(
      'isDay',
      'expected a date such as 2026-02-11',
      (value) => typeof value === 'string' && isDay(value),
    ),
  );

/** An ISO 8601 time with a zone. */
export const InstantField = (options: FieldOptions): PropertyDecorator =>
  field(
    options,
    { format: 'date-time' },
    Passes(
      'isInstant',
      `expected ${instantExpected}`,
      (value) => typeof value === 'string' && parseInstant(value) !== undefined,
    ),
  );

/** True or false. */
export const BooleanField = (options: FieldOptions): PropertyDecorator =>
  field(
    options,
    { type: 'boolean' },
    Passes('isTrueOrFalse', 'expected true or false', (value) => typeof value === 'boolean'),
  );

/** A finite number, true or false, a text of at most 1,000 characters, or null; not to be left out. */
export const ScalarField = (options: FieldOptions): PropertyDecorator =>
  field(
    options,
    {
      oneOf: [
        { type: 'number', nullable: true },
        { type: 'boolean' },
        { type: 'string', maxLength: 1_000 },
      ],
    },
    Passes('isScalar', 'expected a number, true or false, a text or null', isScalar),
  );

const isScalar = (value: unknown): boolean =>
  value === null ||
  typeof value === 'boolean' ||
  (typeof value === 'number' ? Number.isFinite(value) : isPlainText(value, 1_000));

/** Which numbers a field takes; `above` is not among them. */
export interface Bounds {
  readonly min?: number;
  readonly above?: number;
  readonly max?: number;
  readonly whole?: boolean;
}

/** A number within bounds. */
export const NumberField = (
  { min, above, max, whole = false }: Bounds,
  options: FieldOptions,
): PropertyDecorator => {
  const from = above ?? min;
  const bounds = [
    ...(from === undefined ? [] : [`${above === undefined ? 'from' : 'above'} ${String(from)}`]),
    ...(max === undefined ? [] : [`to ${String(max)}`]),
  ];
  const message = ['expected a', ...(whole ? ['whole'] : []), 'number', ...bounds].join(' ');
  return field(
    options,
    {
      type: whole ? 'integer' : 'number',
      ...(from !== undefined && { minimum: from }),
      ...(above !== undefined && { exclusiveMinimum: true }),
      ...(max !== undefined && { maximum: max }),
    },
    Passes('isNumberWithin', message, (value) => {
      const isNumber = whole ? Number.isSafeInteger(value) : Number.isFinite(value);
      if (typeof value !== 'number' || !isNumber) return false;
      const isLow = above === undefined ? value < (min ?? -Infinity) : value <= above;
      return !isLow && value <= (max ?? Infinity);
    }),
  );
};

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An object of a class whose fields are checked; `expected` says in words what that is. */
export const ObjectField = (
  type: new () => object,
  expected: string,
  options: FieldOptions,
): PropertyDecorator =>
  field(
    options,
    { type },
    Transformed(() => type),
    ValidateNested({ message: `expected ${expected}` }),
    Passes('isObject', `expected ${expected}`, isObject),
  );

/** A list of such objects. */
export const ObjectsField = (
  type: new () => object,
  { min = 0, max }: { readonly min?: number; readonly max: number },
  options: FieldOptions,
): PropertyDecorator => {
  const message = `expected a list of ${String(min)} to ${String(max)} objects`;
  const isList = (value: unknown): boolean =>
    Array.isArray(value) && value.length >= min && value.length <= max && value.every(isObject);
  return field(
    options,
    { type: [type], minItems: min, maxItems: max },
    Transformed(() => type),
    ValidateNested({ each: true, message }),
    Passes('areObjects', message, isList),
  );
};

/** Any JSON object, which is checked elsewhere; `expected` says in words what that is. */
export const JsonField = (expected: string, options: FieldOptions): PropertyDecorator =>
  field(
    options,
    { type: 'object', additionalProperties: true },
    Passes('isObject', `expected ${expected}`, isObject),
  );
