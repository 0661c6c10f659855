import { type ArgumentMetadata, Injectable, ValidationPipe } from '@nestjs/common';
import { Matches, ValidateIf, type ValidationError } from 'class-validator';

import { type FieldError, Refusal } from '#kernel/refusal.js';

/** More than this many errors help nobody. */
const maxErrors = 50;

/**
 * The one place where the shape of a body is checked: unknown fields are refused, nothing is
 * converted, and the refusal (`BODY_INVALID`) names each field by JSON pointer with what is expected.
 */
@Injectable()
export class BodyValidationPipe extends ValidationPipe {
  constructor() {
    super({
      whitelist: true,
      forbidNonWhitelisted: true,
      forbidUnknownValues: true,
      transform: true,
      transformOptions: { enableImplicitConversion: false },
      stopAtFirstError: false,
      exceptionFactory: (errors) => bodyInvalid(fieldErrors(errors)),
    });
  }

  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type !== 'body' || !this.toValidate(metadata)) {
      return (await super.transform(value, metadata)) as unknown;
    }
    return (await super.transform(fieldsOf(value), metadata)) as unknown;
  }
}

/** No body is one without fields. */
const fieldsOf = (body: unknown = {}): object => {
  if (isPlainObject(body)) return body;
  throw bodyInvalid([{ pointer: '', reason: 'expected a JSON object' }]);
};

/** For a route that takes no fields. Throws a `Refusal` (`BODY_INVALID`). */
export const assertNoFields = (body: unknown): void => {
  const names = Object.keys(fieldsOf(body));
  if (names.length > 0) throw bodyInvalid(names.map((name) => unknownField(pointerTo('', name))));
};

/** A field that holds text of 1 to `max` characters, of which one at least is no blank. */
export const IsText = (max: number): PropertyDecorator =>
  Matches(new RegExp(`^(?=[^]*\\S)[^]{1,${String(max)}}$`, 'u'), {
    message: `expected text of 1 to ${String(max)} characters`,
  });

/** A field that need not be there. Null is a value, which the other decorators of the field may refuse. */
export const MayBeMissing = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);

const isPlainObject = (value: unknown): value is object =>
  typeof value === 'object' &&
  value !== null &&
  [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null);

export const bodyInvalid = (errors: readonly FieldError[]) =>
  new Refusal('BODY_INVALID', 'invalid', 'the body is not acceptable', {
    errors: errors.slice(0, maxErrors),
  });

const pointerTo = (parent: string, name: string): string =>
  `${parent}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;

const unknownField = (pointer: string): FieldError => ({ pointer, reason: 'unknown field' });

/** Flattens class-validator's tree: one entry per field. */
export const fieldErrors = (errors: readonly ValidationError[], parent = ''): FieldError[] =>
  errors.flatMap(({ property, value, constraints = {}, children = [] }) => {
    const pointer = pointerTo(parent, property);
    if ('whitelistValidation' in constraints) return [unknownField(pointer)];
    // The first decorator of a property, which says its type, is the last to be checked.
    const expected = Object.values(constraints).slice(-1);
    const own = expected.map((text) => ({
      pointer,
      reason: value === undefined ? `required: ${text}` : text,
    }));
    return [...own, ...fieldErrors(children, pointer)];
  });
