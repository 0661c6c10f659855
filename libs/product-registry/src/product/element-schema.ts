import { type Static, Type } from 'typebox';

import type { DeepReadonly } from '#kernel/event-types.js';
import { choice, closed, text } from '#kernel/schema.js';

import { type ElementKind, elementsByType } from '../elements.js';
import { decimalPattern } from '../schemas.js';

const percent = Type.String({
  pattern: decimalPattern,
  description: 'Round-trip efficiency in percent, as written.',
});
const rating = closed({ percent, inverter: text('The inverter that it was measured with.') });
const ratings = Type.Array(rating, { minItems: 1 });

/** One round-trip efficiency, in percent as written, for one inverter. */
export type EfficiencyRating = DeepReadonly<Static<typeof rating>>;

/** What every element has; `ofKind` says more for each. */
const element = closed({
  state: choice(
    ['submitted', 'notSubmitted', 'unparsed'],
    '`submitted`: the value is asserted; `notSubmitted`: the source says that it does not say; `unparsed`: `raw` is a text that could not be read.',
  ),
  value: Type.Union([Type.String(), Type.Boolean(), ratings, Type.Null()]),
  unit: Type.Optional(Type.String()),
  decimals: Type.Optional(
    Type.Integer({ minimum: 0, description: 'Digits after the point, as written.' }),
  ),
  raw: Type.Optional(text('The text of the source, where it differs from the value.')),
});

const valueOf = (kind: ElementKind): object => {
  switch (kind.kind) {
    case 'decimal':
      return { type: 'string', pattern: decimalPattern, description: 'A decimal, as written.' };
    case 'integer':
      return { type: 'string', pattern: '^(0|[1-9][0-9]*)$', description: 'A whole number.' };
    case 'text':
      return { type: 'string', minLength: 1 };
    case 'url':
      return { type: 'string', format: 'uri' };
    case 'enum':
      return { type: 'string', enum: kind.values };
    case 'efficiencies':
      return ratings;
  }
};

const unitsOf = (kind: ElementKind): readonly string[] => {
  if (kind.kind === 'decimal') return kind.units;
  return kind.kind === 'efficiencies' ? ['percent'] : [];
};

/** An element that is submitted has a value, and a unit where it is measured; any other has neither. */
const ofKind = (kind: ElementKind): object => {
  const { state, decimals, raw } = element.properties;
  const units = unitsOf(kind);
  const unit = units.length > 0 && { unit: { type: 'string', enum: units } };
  const value = valueOf(kind);
  const submitted = { type: 'object', properties: { state: { const: 'submitted' } } };
  return {
    ...element,
    properties: { state, value: { anyOf: [value, { type: 'null' }] }, ...unit, decimals, raw },
    if: submitted,
    then: {
      type: 'object',
      properties: { value, ...unit },
      required: unit ? ['value', 'unit'] : ['value'],
    },
    else: { type: 'object', properties: { value: { type: 'null' } } },
  };
};

const kinds = Object.values(elementsByType).flatMap((elements) => Object.entries(elements));

/**
 * An element's value. `submitted` is asserted; `notSubmitted` means that the source says so itself
 * (a state of its own: neither a value nor absence); `unparsed` keeps text that nobody could read.
 * Decimals are texts, as written.
 */
export type ElementValue = DeepReadonly<Static<typeof element>>;
export type Elements = Readonly<Record<string, ElementValue>>;

/** Elements by their Orange Button names, each with the values and units that it takes. */
export const elementsByName = Type.Unsafe<Elements>({
  type: 'object',
  description: 'By the name of the element in the Orange Button taxonomy.',
  properties: Object.fromEntries(kinds.map(([name, kind]) => [name, ofKind(kind)])),
  additionalProperties: false,
});
