import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

import type { FieldError } from '#kernel/refusal.js';

/** Compiles the schemas of what devices send. */
export const ajv = new Ajv2020({ allErrors: false, strict: false });
addFormats.default(ajv);

/** What a compiled schema found, in our words. */
export const asFieldError = ({ instancePath, message, params }: ErrorObject): FieldError => {
  const { additionalProperty } = params as { additionalProperty?: string };
  return additionalProperty === undefined
    ? { pointer: instancePath, reason: message ?? 'is not valid' }
    : { pointer: `${instancePath}/${additionalProperty}`, reason: 'is not known here' };
};
