import { Refusal } from '#kernel/refusal.js';

import { readElements } from '../read-elements.js';
import { certificationIdOf, currentCertifications, superseded } from './certifications.js';
import type { CertificationFact, ReconcileListing } from './commands.js';
import {
  differingFields,
  sameCertification,
  sameListing,
  sameMeaning,
  sameWriting,
} from './compare.js';
import type { Elements, Listing, ProductEvent } from './events.js';
import { noWord, type RegisteredProduct } from './state.js';

/** Where a list changed a value while a person's other value stands. Null: no value. */
export interface ListConflict {
  /** Such as `/elements/EnergyCapacityNominal`, `/certifications/UL1973`, `/qualifications/CEC/notes`. */
  readonly path: string;
  readonly listed: unknown;
  readonly standing: unknown;
}

/**
 * What a row of a list changes. Each value is compared with the last one *from the same list*:
 * unchanged there, no event, whatever a person said since. Changed there, it is recorded, unless a
 * person's different value stands: then nothing of the row is, and the row needs review.
 *
 * Throws `LIST_AGAINST_CURATOR` (`conflict`) with `details.conflicts`, a list of `ListConflict`.
 */
export const reconcile = (
  { data, meta }: ReconcileListing,
  state: RegisteredProduct,
): readonly ProductEvent[] => {
  if (data.productType !== state.productType) throw otherType(data.productType, state);
  const conflicts: ListConflict[] = [];
  const events = [
    ...elementEvents(data.list, readElements(state.productType, data.elements), state, conflicts),
    ...data.certifications.flatMap((fact) =>
      certificationEvents(data.list, fact, meta.commandId, state, conflicts),
    ),
    ...(data.listing ? listingEvents(data.list, data.listing, state, conflicts) : []),
  ];
  const dropped = droppedStandards(data, state);
  if (conflicts.length > 0) throw againstCurator(data.list, conflicts);
  if (dropped.length > 0) throw dropsCertification(data.list, dropped);
  return events;
};

const elementEvents = (
  list: string,
  listed: Elements,
  state: RegisteredProduct,
  conflicts: ListConflict[],
): readonly ProductEvent[] => {
  const before = (state.lists[list] ?? noWord).elements;
  const changed = Object.entries(listed).filter(([name, value]) => {
    const last = before[name];
    return !last || !sameWriting(last, value);
  });
  const gone = Object.keys(before).filter((name) => !Object.hasOwn(listed, name));
  for (const [name, value] of [...changed, ...gone.map((name) => [name, null] as const)]) {
    const standing = state.elements[name];
    if (standing?.by === 'person' && !sameMeaning(standing.value, value)) {
      conflicts.push({ path: `/elements/${name}`, listed: value, standing: standing.value });
    }
  }
  return [
    ...(changed.length > 0
      ? [{ type: 'ElementsSet', data: { elements: Object.fromEntries(changed), list } } as const]
      : []),
    ...(gone.length > 0
      ? [{ type: 'ElementsWithdrawn', data: { names: gone, list } } as const]
      : []),
  ];
};

/** A list names one certification for a standard: another one replaces the list's former one. */
const certificationEvents = (
  list: string,
  fact: CertificationFact,
  commandId: string,
  state: RegisteredProduct,
  conflicts: ListConflict[],
): readonly ProductEvent[] => {
  const last = state.lists[list]?.certifications[fact.standard];
  if (last && sameCertification(last, fact)) return [];
  const current = currentCertifications(state).filter((one) => one.standard === fact.standard);
  const same = current.find((one) => sameCertification(one, fact));
  const persons = current.find((one) => one.by === 'person');
  if (!same && persons) {
    const { by: _, supersededBy: __, ...standing } = persons;
    conflicts.push({ path: `/certifications/${fact.standard}`, listed: fact, standing });
    return [];
  }
  const certificationId = same?.certificationId ?? certificationIdOf(commandId, fact);
  const replaced = current.some((one) => one.certificationId === last?.certificationId);
  return [
    { type: 'CertificationRecorded', data: { certificationId, ...fact, list } },
    ...(last && replaced ? [superseded(last.certificationId, certificationId, list)] : []),
  ];
};

/** Standards that the list named before and does not name now. */
const droppedStandards = (
  { list, certifications }: ReconcileListing['data'],
  state: RegisteredProduct,
): readonly string[] =>
  Object.keys((state.lists[list] ?? noWord).certifications).filter(
    (standard) => !certifications.some((fact) => fact.standard === standard),
  );

const listingEvents = (
  list: string,
  listing: Listing,
  state: RegisteredProduct,
  conflicts: ListConflict[],
): readonly ProductEvent[] => {
  const last = state.lists[list]?.listing ?? null;
  if (sameListing(last, listing)) return [];
  const standing = state.listings[listing.agency];
  if (standing?.by === 'person' && !sameListing(standing.value, listing)) {
    conflicts.push(...listingConflicts(listing, standing.value));
    return [];
  }
  const type = standing?.value ? 'ListingRevised' : 'ListingPublished';
  return [{ type, data: { ...listing, list } }];
};

const listingConflicts = (listed: Listing, standing: Listing | null): readonly ListConflict[] => {
  const path = `/qualifications/${listed.agency}`;
  if (!standing) return [{ path, listed, standing }];
  return differingFields(listed, standing).map((field) => ({
    path: `${path}/${field}`,
    listed: valueAt(listed, field),
    standing: valueAt(standing, field),
  }));
};

const valueAt = (listing: Listing, field: string): string | null =>
  field.startsWith('remarks/')
    ? (listing.remarks[field.slice('remarks/'.length)] ?? null)
    : listing[field as 'agency' | 'listingDate' | 'lastUpdate' | 'notes'];

const againstCurator = (list: string, conflicts: readonly ListConflict[]) =>
  new Refusal(
    'LIST_AGAINST_CURATOR',
    'conflict',
    `${list} changed what a person has set: ${conflicts.map(({ path }) => path).join(', ')}`,
    { list, conflicts },
  );

/** A certificate that vanishes from a list may be a slip or a withdrawal: a person decides. */
const dropsCertification = (list: string, standards: readonly string[]) =>
  new Refusal(
    'LIST_DROPS_CERTIFICATION',
    'conflict',
    `${list} no longer names a certification under ${standards.join(', ')}`,
    {
      list,
      conflicts: standards.map((standard) => ({
        path: `/certifications/${standard}`,
        listed: null,
        standing: standard,
      })),
    },
  );

const otherType = (listed: string, { productType }: RegisteredProduct) =>
  new Refusal(
    'PRODUCT_TYPE_DIFFERS',
    'conflict',
    `the list calls this product a ${listed}; it is registered as a ${productType}`,
  );
