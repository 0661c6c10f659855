import { type TObject, type TProperties, type TSchema, Type } from 'typebox';

// Parts of the schemas that are published. What is written here is a promise to consumers.

/** An object that says nothing else. */
export const closed = <P extends TProperties>(properties: P): TObject<P> =>
  Type.Object(properties, { additionalProperties: false });

export const orNull = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);

export const id = (description: string) => Type.String({ format: 'uuid', description });

export const date = (description: string) =>
  Type.String({ format: 'date', description: `${description} ISO 8601 date.` });

export const text = (description: string) => Type.String({ description });

export const name = (description: string) => Type.String({ minLength: 1, description });

/** Texts by name. Whatever the names are: a pattern for all of them would miss those with line ends. */
export const texts = (description: string) =>
  Type.Unsafe<Readonly<Record<string, string>>>({
    type: 'object',
    additionalProperties: { type: 'string' },
    description,
  });

/** The published list that says so. */
export const fromList = {
  list: Type.Optional(
    Type.String({
      description:
        'The published list that the fact is from, such as `cec-batteries`. Absent: a person or a program said it.',
    }),
  ),
};

export const entityCode = (description: string) =>
  Type.String({ pattern: '^[A-Z0-9]{2,6}$', description });

export const prodCode = (description: string) =>
  Type.String({
    pattern: '^[A-Z0-9]{2,6}-[A-Z0-9_]+(-[0-9]+)?$',
    maxLength: 50,
    description,
  });

/** Numbers travel as they were written: a JSON number would lose trailing zeros and digits. */
export const decimalPattern = '^-?(0|[1-9][0-9]{0,17})(\\.[0-9]{1,18})?$';
