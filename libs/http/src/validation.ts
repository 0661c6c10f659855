import { type ArgumentMetadata, Injectable, ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';

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
    if (metadata.type === 'body' && this.toValidate(metadata) && !isPlainObject(value)) {
      throw bodyInvalid([{ pointer: '', reason: 'expected a JSON object' }]);
    }
    return (await super.transform(value, metadata)) as unknown;
  }
}

const isPlainObject = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null);

export const bodyInvalid = (errors: readonly FieldError[]) =>
  new Refusal('BODY_INVALID', 'invalid', 'the body is not acceptable', {
    errors: errors.slice(0, maxErrors),
  });

const escapeToken = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

/** Flattens class-validator's tree: one entry per broken rule, but only one where a field is missing. */
export const fieldErrors = (errors: readonly ValidationError[], parent = ''): FieldError[] =>
  errors.flatMap((error) => {
    const { property, children = [] } = error;
    const pointer = `${parent}/${escapeToken(property)}`;
    const own = reasonsOf(error).map((reason) => ({ pointer, reason }));
    return [...own, ...fieldErrors(children, pointer)];
  });

const reasonsOf = ({ value, constraints = {} }: ValidationError): string[] => {
  if ('whitelistValidation' in constraints) return ['unknown field'];
  const messages = Object.values(constraints);
  // The first decorator of a property, which says its type, is the last to be checked.
  return value === undefined && messages.length > 0
    ? [`required: ${messages.at(-1) ?? ''}`]
    : messages;
};
