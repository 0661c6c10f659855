import { type TObject, type TProperties, type TSchema, Type } from 'typebox';

// Parts of the schemas of events.

/** An object that says nothing else. */
export const closed = <P extends TProperties>(properties: P): TObject<P> =>
  Type.Object(properties, { additionalProperties: false });

export const orNull = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);

export const id = (description: string) => Type.String({ format: 'uuid', description });

export const date = (description: string) =>
  Type.String({ format: 'date', description: `${description} ISO 8601 date.` });

export const instant = (description: string) =>
  Type.String({ format: 'date-time', description: `${description} ISO 8601, UTC.` });

export const text = (description: string) => Type.String({ description });

export const name = (description: string) => Type.String({ minLength: 1, description });

/** One of a few words. */
export const choice = <const W extends readonly string[]>(words: W, description: string) =>
  Type.Unsafe<W[number]>(
    Type.Union(
      words.map((word) => Type.Literal(word)),
      { description },
    ),
  );

/** Texts by name. Whatever the names are: a pattern for all of them would miss those with line ends. */
export const texts = (description: string) =>
  Type.Unsafe<Readonly<Record<string, string>>>({
    type: 'object',
    additionalProperties: { type: 'string' },
    description,
  });
