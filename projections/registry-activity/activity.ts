import type { Fact } from '#fanout/fact.js';

/** Changes of one kind to what is of one manufacturer, on one day. */
export interface Activity {
  /** In UTC, of the time at which they were recorded: `2026-02-11`. */
  readonly day: string;
  readonly manufacturerId: string;
  readonly kind: string;
  readonly changes: number;
  /** ISO 8601 UTC. */
  readonly firstAt: string;
  readonly lastAt: string;
}

/** What facts say of manufacturers; null where they say nothing. */
export interface StatedManufacturer {
  readonly name: string | null;
  readonly mergedInto: string | null;
}

/** A fact that cannot be counted. It is tried again, and parked in the end. */
export class NotCountable extends Error {
  override readonly name = 'NotCountable';

  constructor(fact: Fact, why: string) {
    super(`${fact.type} at ${String(fact.revision)} of ${fact.stream}: ${why}`);
  }
}

const shape = /^voltrace\.product-registry\.([A-Z][A-Za-z0-9]*)\.v\d+$/;

/** `voltrace.product-registry.ProductRegistered.v1` -> `product-registered`; undefined for a foreign name. */
export const kindOf = (type: string): string | undefined =>
  shape
    .exec(type)?.[1]
    ?.replace(/(?<=.)[A-Z]/g, '-$&')
    .toLowerCase();

/** Kinds of facts that say which manufacturer a product has from then on. */
const statesManufacturer: ReadonlySet<string | undefined> = new Set([
  'product-registered',
  'product-transferred',
]);

/** The manufacturer that the facts state last of each product. */
export const manufacturersOfProductsIn = (facts: readonly Fact[]): ReadonlyMap<string, string> =>
  new Map(facts.flatMap(statedBy));

const statedBy = (fact: Fact): readonly (readonly [string, string])[] =>
  statesManufacturer.has(kindOf(fact.type))
    ? [[subjectOf(fact).id, textIn(fact, 'manufacturerId')]]
    : [];

/** Names and mergers that the facts state. */
export const manufacturersIn = (
  facts: readonly Fact[],
): ReadonlyMap<string, StatedManufacturer> => {
  const stated = new Map<string, StatedManufacturer>();
  const state = (id: string, more: Partial<StatedManufacturer>): void => {
    stated.set(id, { ...(stated.get(id) ?? { name: null, mergedInto: null }), ...more });
  };
  for (const fact of facts) {
    const kind = kindOf(fact.type);
    if (kind === 'manufacturer-registered') {
      state(subjectOf(fact).id, { name: textIn(fact, 'name') });
    }
    if (kind === 'manufacturer-merged') {
      state(subjectOf(fact).id, { mergedInto: textIn(fact, 'into') });
    }
  }
  return stated;
};

/** The products that the facts are of. */
export const productsIn = (facts: readonly Fact[]): readonly string[] => {
  const products = facts.map(subjectOf).filter(({ category }) => category === 'product');
  return [...new Set(products.map(({ id }) => id))];
};

/**
 * The facts, counted, each for the manufacturer that its product has by then; `manufacturers` says which those
 * before them had. Throws `NotCountable` for a product of which neither says it: its registration is always
 * delivered before, so that a count without it would hide a loss.
 */
export const activityIn = (
  facts: readonly Fact[],
  manufacturers: ReadonlyMap<string, string>,
): readonly Activity[] => {
  const counted = new Map<string, Activity>();
  const current = new Map(manufacturers);
  for (const fact of facts) {
    for (const [product, manufacturer] of statedBy(fact)) current.set(product, manufacturer);
    const one = activityOf(fact, current);
    const key = `${one.day} ${one.manufacturerId} ${one.kind}`;
    counted.set(key, joined(counted.get(key), one));
  }
  return [...counted.values()];
};

const activityOf = (fact: Fact, manufacturers: ReadonlyMap<string, string>): Activity => {
  const kind = kindOf(fact.type);
  if (kind === undefined) throw new NotCountable(fact, 'it is no fact of the product registry');
  const at = timeOf(fact);
  const manufacturerId = manufacturerOf(fact, manufacturers);
  return { day: at.slice(0, 10), manufacturerId, kind, changes: 1, firstAt: at, lastAt: at };
};

const joined = (before: Activity | undefined, one: Activity): Activity =>
  before
    ? {
        ...before,
        changes: before.changes + one.changes,
        firstAt: one.firstAt < before.firstAt ? one.firstAt : before.firstAt,
        lastAt: one.lastAt > before.lastAt ? one.lastAt : before.lastAt,
      }
    : one;

const manufacturerOf = (fact: Fact, manufacturers: ReadonlyMap<string, string>): string => {
  const { category, id } = subjectOf(fact);
  if (category === 'manufacturer') return id;
  const manufacturer = manufacturers.get(id);
  if (manufacturer === undefined) {
    throw new NotCountable(fact, 'the registration of the product has not been counted');
  }
  return manufacturer;
};

/** Always in UTC and with milliseconds, so that texts sort as times do. */
const timeOf = (fact: Fact): string => {
  const at = new Date(fact.recordedAt);
  if (Number.isNaN(at.getTime())) throw new NotCountable(fact, 'it does not say when');
  return at.toISOString();
};

interface Subject {
  readonly category: 'product' | 'manufacturer';
  readonly id: string;
}

const subjectOf = (fact: Fact): Subject => {
  const [, category, id] = /^(product|manufacturer)-(.+)$/.exec(fact.stream) ?? [];
  if (category === undefined || id === undefined) {
    throw new NotCountable(fact, 'it is neither of a product nor of a manufacturer');
  }
  return { category: category as Subject['category'], id };
};

const textIn = (fact: Fact, name: string): string => {
  const value = fact.data[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new NotCountable(fact, `its ${name} is no text`);
};
