import { Type } from 'typebox';

import type { ObjectOf } from '#kernel/event-types.js';
import type { FieldError } from '#kernel/refusal.js';
import { closed } from '#kernel/schema.js';

const members = { min: Type.Number(), max: Type.Number() };

/** A range of a quantity in the unit that the name of its field ends with. Both ends belong to it. */
export type Range = ObjectOf<typeof members>;

export const range = (description: string) =>
  Type.Object(members, { additionalProperties: false, description });

/** The safe ranges of a battery as a whole. */
export const limits = closed({
  voltageV: range('Of the whole battery, in V.'),
  currentA: range('In A; positive charges, so that `min` is the largest discharge.'),
  temperatureC: range('In degC.'),
});

/** Says of each range below a JSON pointer that it ends before it begins. */
export const rangeErrors = (
  pointer: string,
  ranges: Readonly<Record<string, Range | null>>,
): readonly FieldError[] =>
  Object.entries(ranges).flatMap(([name, given]) =>
    given && given.min >= given.max
      ? [{ pointer: `${pointer}/${name}/max`, reason: `expected more than ${String(given.min)}` }]
      : [],
  );
