import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

import type { FieldError } from '#kernel/refusal.js';

/** Compiles the schemas of what devices send. */
export const ajv = new Ajv2020({ allErrors: false, strict: false });
addFormats.default(ajv);

/** Control characters, and halves of characters. */
const unusable = /[\p{Cc}\p{Cs}]/gu;
/** Of a pointer; members may have names of any length. */
const maxLength = 500;

/** What a compiled schema found, in our words. The names in it are the device's: what nobody could keep is replaced. */
export const asFieldError = ({ instancePath, message, params }: ErrorObject): FieldError => {
  const { additionalProperty } = params as { additionalProperty?: string };
  const isUnknown = additionalProperty !== undefined;
  const pointer = isUnknown ? `${instancePath}/${additionalProperty}` : instancePath;
  return {
    pointer: pointer.slice(0, maxLength).replace(unusable, '\ufffd'),
    reason: isUnknown ? 'is not known here' : (message ?? 'is not valid'),
  };
};
