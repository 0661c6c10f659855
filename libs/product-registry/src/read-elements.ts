import { isPlainText } from '#kernel/plain-text.js';
import { type FieldError, Refusal } from '#kernel/refusal.js';

import { type ElementKind, elementsByType } from './elements.js';
import type { EfficiencyRating, Elements, ElementValue, ProductType } from './product/events.js';

/** What a caller says of one element. Decimals and integers are strings, kept as written. */
export interface ElementInput {
  /** `submitted` where it is absent. */
  readonly state?: unknown;
  readonly value?: unknown;
  readonly unit?: unknown;
  /** Digits after the point; follows from the value, and may be repeated. */
  readonly decimals?: unknown;
  /** The source's text, where it differs from the value. */
  readonly raw?: unknown;
}
export type ElementInputs = Readonly<Record<string, ElementInput>>;

/** Elements that the product itself answers, and how they come about. */
const answeredElsewhere: Readonly<Record<string, string>> = {
  ProdCode: 'is issued from the manufacturer and the model',
  ProdID: 'is issued at registration',
  ProdMfr: 'is the product’s manufacturer',
  ProdType: 'is fixed at registration',
};

const maxElements = 100;
const maxRatings = 50;
const maxRaw = 4_000;
const decimal = /^-?(0|[1-9]\d{0,17})(\.\d{1,18})?$/;
const integer = /^(0|[1-9]\d{0,8})$/;

/**
 * Reads what a caller says of a product's elements.
 *
 * Throws a `Refusal` (`ELEMENTS_INVALID`, `unprocessable`) that names each wrong part by a pointer
 * such as `/elements/EnergyCapacityNominal/unit`, with what is expected there.
 */
export const readElements = (type: ProductType, inputs: ElementInputs): Elements => {
  const errors: FieldError[] = [];
  const entries = Object.entries(inputs);
  if (entries.length > maxElements) {
    errors.push({
      pointer: '/elements',
      reason: `expected at most ${String(maxElements)} elements`,
    });
  }
  const elements = entries.slice(0, maxElements).map(([name, input]) => {
    const refuse = (part: string, reason: string) =>
      errors.push({ pointer: `/elements/${pointerPart(name)}${part}`, reason });
    return [name, readElement(type, name, input, refuse)] as const;
  });
  if (errors.length > 0) throw invalidElements(errors);
  return Object.fromEntries(elements.filter(isRead));
};

/** Checks that names are elements of the type; throws as `readElements` does. */
export const checkElementNames = (type: ProductType, names: readonly string[]): void => {
  const errors = names.flatMap((name, index) =>
    kindOf(type, name)
      ? []
      : [{ pointer: `/names/${String(index)}`, reason: unknownName(type, name) }],
  );
  if (errors.length > 0) throw invalidElements(errors);
};

type Refuse = (part: string, reason: string) => void;

const readElement = (
  type: ProductType,
  name: string,
  input: unknown,
  refuse: Refuse,
): ElementValue | undefined => {
  const kind = kindOf(type, name);
  if (!kind) {
    refuse('', unknownName(type, name));
    return undefined;
  }
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    refuse('', 'expected an object {value, unit}');
    return undefined;
  }
  const { state = 'submitted', value, unit, decimals, raw, ...others }: ElementInput = input;
  for (const other of Object.keys(others)) {
    refuse(`/${pointerPart(other)}`, 'expected only value, unit, decimals, state and raw');
  }
  const source = readRaw(raw, refuse);
  if (state === 'submitted') {
    const read = readValue(kind, value, unit, refuse);
    if (!isAbsent(decimals) && read && decimals !== read.decimals) {
      refuse(
        '/decimals',
        `expected ${String(read.decimals ?? 'no decimals')}, as the value is written`,
      );
    }
    return read && { state, ...read, ...source };
  }
  if (state !== 'notSubmitted' && state !== 'unparsed') {
    refuse('/state', 'expected one of submitted, notSubmitted, unparsed');
    return undefined;
  }
  if (!isAbsent(value)) refuse('/value', `expected no value with the state ${state}`);
  if (!isAbsent(unit)) refuse('/unit', `expected no unit with the state ${state}`);
  if (state === 'unparsed' && source.raw === undefined) {
    refuse('/raw', 'expected the text that could not be read');
  }
  return { state, value: null, ...source };
};

const readRaw = (raw: unknown, refuse: Refuse): { readonly raw?: string } => {
  if (isAbsent(raw)) return {};
  if (isPlainText(raw, maxRaw)) return { raw };
  refuse('/raw', `expected text of 1 to ${String(maxRaw)} characters without control characters`);
  return {};
};

type Read = Pick<ElementValue, 'value' | 'unit' | 'decimals'>;

const readValue = (
  kind: ElementKind,
  value: unknown,
  unit: unknown,
  refuse: Refuse,
): Read | undefined => {
  switch (kind.kind) {
    case 'decimal':
      return readDecimal(kind, value, unit, refuse);
    case 'efficiencies':
      return readEfficiencies(value, unit, refuse);
    case 'integer':
      refuseUnit(unit, refuse);
      if (typeof value === 'string' && integer.test(value)) return { value, decimals: 0 };
      refuse('/value', 'expected a whole number as a string, such as "2"');
      return undefined;
    case 'text':
      refuseUnit(unit, refuse);
      if (isPlainText(value, kind.maxLength)) return { value };
      refuse(
        '/value',
        `expected text of 1 to ${String(kind.maxLength)} characters without control characters`,
      );
      return undefined;
    case 'url':
      refuseUnit(unit, refuse);
      if (isPlainText(value, 500) && isWebAddress(value)) return { value };
      refuse('/value', 'expected an http or https address of at most 500 characters');
      return undefined;
    case 'enum':
      refuseUnit(unit, refuse);
      if (typeof value === 'string' && kind.values.includes(value)) return { value };
      refuse('/value', `expected one of ${kind.values.join(', ')}`);
      return undefined;
  }
};

const readDecimal = (
  { units, min, max }: Extract<ElementKind, { kind: 'decimal' }>,
  value: unknown,
  unit: unknown,
  refuse: Refuse,
): Read | undefined => {
  const unitOk = typeof unit === 'string' && units.includes(unit);
  if (!unitOk) refuse('/unit', `expected ${oneOf(units)}`);
  if (typeof value !== 'string' || !decimal.test(value)) {
    refuse('/value', 'expected a decimal as a string, such as "305.51"');
    return undefined;
  }
  // The bounds are 0 and 1 only: the nearest double decides them exactly.
  if ((min !== undefined && Number(value) < min) || (max !== undefined && Number(value) > max)) {
    refuse('/value', max === undefined ? 'expected 0 or more' : 'expected 0 to 1');
    return undefined;
  }
  return unitOk ? { value, unit, decimals: decimalsOf(value) } : undefined;
};

const readEfficiencies = (value: unknown, unit: unknown, refuse: Refuse): Read | undefined => {
  if (unit !== 'percent') refuse('/unit', 'expected percent');
  if (!Array.isArray(value) || value.length === 0 || value.length > maxRatings) {
    refuse('/value', `expected a list of 1 to ${String(maxRatings)} {percent, inverter}`);
    return undefined;
  }
  const ratings = value.flatMap((rating: unknown, index) =>
    readRating(rating, (part, reason) => {
      refuse(`/value/${String(index)}${part}`, reason);
    }),
  );
  return ratings.length === value.length && unit === 'percent'
    ? { value: ratings, unit }
    : undefined;
};

const readRating = (rating: unknown, refuse: Refuse): readonly EfficiencyRating[] => {
  const { percent, inverter } = (rating ?? {}) as Partial<Record<string, unknown>>;
  const percentOk =
    typeof percent === 'string' &&
    decimal.test(percent) &&
    Number(percent) > 0 &&
    Number(percent) <= 100;
  if (!percentOk) refuse('/percent', 'expected a decimal above 0 and up to 100 as a string');
  const inverterOk = isPlainText(inverter, 500);
  if (!inverterOk) refuse('/inverter', 'expected the name of the inverter, 1 to 500 characters');
  return percentOk && inverterOk ? [{ percent, inverter }] : [];
};

const refuseUnit = (unit: unknown, refuse: Refuse): void => {
  if (!isAbsent(unit)) refuse('/unit', 'expected no unit');
};

const kindOf = (type: ProductType, name: string): ElementKind | undefined =>
  Object.hasOwn(elementsByType[type], name) ? elementsByType[type][name] : undefined;

const unknownName = (type: ProductType, name: string): string =>
  Object.hasOwn(answeredElsewhere, name)
    ? `${name} ${answeredElsewhere[name] ?? ''}`
    : `expected an element of ${type}: ${Object.keys(elementsByType[type]).join(', ')}`;

const invalidElements = (errors: readonly FieldError[]) =>
  new Refusal('ELEMENTS_INVALID', 'unprocessable', 'some elements are not acceptable', { errors });

const isRead = (
  entry: readonly [string, ElementValue | undefined],
): entry is [string, ElementValue] => entry[1] !== undefined;

const isAbsent = (value: unknown): value is null | undefined =>
  value === undefined || value === null;

const isWebAddress = (value: string): boolean =>
  URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);

/** Digits after the point, as written. */
export const decimalsOf = (value: string): number => {
  const point = value.indexOf('.');
  return point < 0 ? 0 : value.length - point - 1;
};

const oneOf = (units: readonly string[]): string =>
  units.length === 1 ? String(units[0]) : `one of ${units.join(', ')}`;

const pointerPart = (name: string): string =>
  name.slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1');
