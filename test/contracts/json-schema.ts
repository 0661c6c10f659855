import { Ajv2020, type AnySchema } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

/** What is wrong with a value, part by part; empty where nothing is. */
export type Check = (value: unknown) => readonly string[];

/** Compiles a JSON Schema of draft 2020-12 with formats. Throws where it is none. */
export const schemaCheck = (schema: AnySchema): Check => {
  const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true });
  formats.default(ajv);
  const validate = ajv.compile(schema);
  return (value) =>
    validate(value)
      ? []
      : (validate.errors ?? []).map(({ instancePath, message = '' }) =>
          `${instancePath} ${message}`.trim(),
        );
};
