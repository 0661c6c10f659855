import { type TSchema, Type } from 'typebox';

import { ajv, asFieldError } from '#device-link/schema-check.js';
import type { FieldError } from '#kernel/refusal.js';
import { closed } from '#kernel/schema.js';

import { qualities } from './events.js';
import type { WrittenSamples } from './read-samples.js';

/** Rows of one message: more belong into several. */
export const maxRows = 10_000;

const time = Type.Union([Type.String({ maxLength: 40 }), Type.Number()], {
  description: 'ISO 8601 with a zone, or a number in the declared unit, milliseconds unless said.',
});

const byName = (item: TSchema) =>
  Type.Unsafe<Record<string, unknown>>({
    type: 'object',
    additionalProperties: item,
    maxProperties: 1_000,
  });

/** A sample is checked alone, so that a wrong one does not take the others with it. */
const value = Type.Unknown();

const columns = closed({
  t0: Type.Optional(time),
  dt: Type.Optional(Type.Number({ minimum: 1, description: 'Milliseconds between two rows.' })),
  t: Type.Optional(
    Type.Array(time, {
      maxItems: maxRows,
      description: 'Offsets from `t0` in milliseconds; times where there is no `t0`.',
    }),
  ),
  series: byName(
    closed({
      unit: Type.Optional(Type.String({ minLength: 1, maxLength: 40 })),
      values: Type.Array(value, { maxItems: maxRows }),
      quality: Type.Optional(Type.Array(Type.Unsafe({ enum: qualities }), { maxItems: maxRows })),
    }),
  ),
});

const rows = closed({
  rows: Type.Array(closed({ t: time, values: byName(value) }), { maxItems: maxRows }),
});

/** JSON Schema of the two forms in which samples are sent. */
export const writtenSamplesSchema = { columns, rows } as const;

const checks = { columns: ajv.compile(columns), rows: ajv.compile(rows) };

/** The samples of a parsed message, or what is wrong with its shape. */
export const readWritten = (body: unknown): WrittenSamples | readonly FieldError[] => {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return [{ pointer: '', reason: 'expected an object with series, or with rows' }];
  }
  const check = 'rows' in body ? checks.rows : checks.columns;
  if (!check(body)) return (check.errors ?? []).map(asFieldError);
  const errors = 'rows' in body ? [] : columnErrors(body);
  return errors.length > 0 ? errors : body;
};

interface Columns {
  readonly t0?: string | number;
  readonly dt?: number;
  readonly t?: readonly (string | number)[];
  readonly series: Readonly<
    Record<string, { values: readonly unknown[]; quality?: readonly unknown[] }>
  >;
}

const columnErrors = ({ t0, dt, t, series }: Columns): FieldError[] => {
  if (t !== undefined && dt !== undefined)
    return [{ pointer: '/dt', reason: 'expected t or dt, not both' }];
  if (t === undefined && t0 === undefined)
    return [{ pointer: '/t0', reason: 'is missing, and t too' }];
  if (t0 !== undefined && t?.some((offset) => typeof offset !== 'number')) {
    return [
      { pointer: '/t', reason: 'expected offsets from t0 in milliseconds, since t0 is given' },
    ];
  }
  const lengths = Object.values(series).map(({ values }) => values.length);
  const rows = t?.length ?? Math.max(0, ...lengths);
  if (dt === undefined && t === undefined && rows > 1) {
    return [{ pointer: '/dt', reason: 'is missing: there are several values and no times' }];
  }
  return Object.entries(series).flatMap(([name, { values, quality }]) => {
    const at = `/series/${name}`;
    if (values.length !== rows) {
      return [
        { pointer: `${at}/values`, reason: `expected ${String(rows)} values, one for each time` },
      ];
    }
    if (quality && quality.length !== rows) {
      return [
        { pointer: `${at}/quality`, reason: `expected ${String(rows)} flags, one for each value` },
      ];
    }
    return [];
  });
};
