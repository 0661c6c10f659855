import { retryTransient } from '#jobs/retry.js';

import { manufacturerNameKeyOf, modelKeysOf } from '../../codes.js';
import { resolveManufacturer } from '../../manufacturer/resolve-manufacturer.js';
import type { RegisteredProduct } from '../../product/decider.js';
import type { ProductRegistry } from '../../registry.js';
import { compareLists, type ListDifference, type NamedRow } from '../compare/compare-lists.js';
import { inTurns } from '../compare/in-turns.js';
import { type Absence, type AbsenceKind, absenceKinds } from '../events.js';
import { registeredProduct } from '../plan/product-rows.js';
import type { ChangedRows } from './changed-rows.js';

/** Products that are looked up side by side. */
const lookUps = 32;

/**
 * The products that the earlier list names, and the later one under none of the names that lead to them: each once, as
 * the earlier list names it. What was never registered is left out. Throws what `signal` is aborted with.
 */
export const absentProducts = async (
  registry: ProductRegistry,
  { before, after, named: rows }: ChangedRows,
  signal: AbortSignal,
): Promise<readonly Absence[]> => {
  const { differences } = await compareLists(before, after, signal);
  const vanished = differences.flatMap(({ kind, before: row }) =>
    row && isAbsence(kind) ? [{ kind, ...row }] : [],
  );
  if (vanished.length === 0) return [];
  const named = await namesOf(registry, rows, signal);
  const found = new Map<string, Absence>();
  for (let at = 0; at < vanished.length; at += lookUps) {
    const some = await Promise.all(
      vanished
        .slice(at, at + lookUps)
        .map((row) => retryTransient(() => absenceOf(registry, row, named), signal)),
    );
    for (const one of some) if (one && !found.has(one.productId)) found.set(one.productId, one);
  }
  return [...found.values()];
};

const isAbsence = (kind: ListDifference['kind']): kind is AbsenceKind =>
  (absenceKinds as readonly string[]).includes(kind);

const absenceOf = async (
  registry: ProductRegistry,
  { kind, manufacturer, model }: NamedRow & { readonly kind: AbsenceKind },
  named: ReadonlySet<string>,
): Promise<Absence | undefined> => {
  const productId = await registeredProduct(registry, { manufacturer, model });
  if (productId === undefined) return undefined;
  const isNamed = (await namesThatLeadTo(registry, productId)).some((name) => named.has(name));
  // A long list would fill the cache with products that nobody asks for next.
  registry.products.forget(productId);
  return isNamed ? undefined : { productId, kind, manufacturer, model };
};

const nameOf = (manufacturerId: string, modelKey: string): string =>
  `${manufacturerId} ${modelKey}`;

/** Every name in a list, with the manufacturer that answers for it. */
const namesOf = async (
  registry: ProductRegistry,
  rows: ChangedRows['named'],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> => {
  const manufacturers = new Map<string, string | undefined>();
  const names = new Set<string>();
  for await (const { manufacturer, model } of inTurns(rows)) {
    signal.throwIfAborted();
    const key = manufacturerNameKeyOf(manufacturer);
    if (!manufacturers.has(key)) {
      const found = await retryTransient(() => resolveManufacturer(registry, manufacturer), signal);
      manufacturers.set(key, found?.id);
    }
    const id = manufacturers.get(key);
    if (id !== undefined) for (const form of modelKeysOf(model)) names.add(nameOf(id, form));
  }
  return names;
};

/** Its own names, former ones too, and those of the products that it answers for. */
const namesThatLeadTo = async (
  registry: ProductRegistry,
  productId: string,
): Promise<readonly string[]> => {
  const own = await stateOf(registry, productId);
  const merged = await Promise.all(
    (own?.answersFor ?? []).map((one) => stateOf(registry, one.productId)),
  );
  const identities = [own, ...merged].flatMap((state) => state?.identities ?? []);
  return Promise.all(
    identities.map(async ({ manufacturerId, modelKey }) => {
      const answering = await resolveManufacturer(registry, manufacturerId);
      return nameOf(answering?.id ?? manufacturerId, modelKey);
    }),
  );
};

const stateOf = async (
  { products }: ProductRegistry,
  id: string,
): Promise<RegisteredProduct | undefined> => {
  const { state } = products.cached(id) ?? (await products.refresh(id));
  return state.status === 'registered' ? state : undefined;
};
