import { restates, sameCertification } from './compare.js';
import type { RegisteredProduct } from './decider.js';
import type { Elements, ElementValue, Listing, ProductEventOf } from './events.js';
import type { MergedProduct } from './identity-events.js';
import { identityOf, namesOf } from './names.js';
import {
  laterOf,
  type ListWord,
  noWord,
  type Standing,
  type StandingCertification,
} from './standing.js';
import { supersededWhere } from './superseded-where.js';

type Absorbed = ProductEventOf<'ProductAbsorbed'>['data'];
type Released = ProductEventOf<'ProductReleased'>['data'];

/**
 * What a product takes over from one that is merged into it: whatever it says nothing of itself. Both
 * sides' certifications stay, and the newest of one agency and standard supersedes the others. Of two listings
 * of one agency the one with the later update stands, unless a person said the product's own.
 */
export const unite = (
  own: RegisteredProduct,
  merged: RegisteredProduct,
  merger: Pick<Absorbed, 'productId' | 'mergerId'>,
): Absorbed => {
  const elements = Object.entries(merged.elements).filter(
    ([name, { value }]) => value !== null && !own.elements[name],
  );
  return {
    ...merger,
    products: productsOf(merger.productId, merged),
    identities: namesOf(merged),
    elements: Object.fromEntries(elements.map(([name, { value }]) => [name, value])) as Elements,
    personal: elements.filter(([, { by }]) => by === 'person').map(([name]) => name),
    ...uniteCertifications(own.certifications, merged.certifications),
    listings: Object.entries(merged.listings).flatMap(([agency, { value, by }]) =>
      value && isNewer(value, own.listings[agency]) ? [{ ...value, by }] : [],
    ),
    lists: Object.fromEntries(
      Object.entries(merged.lists).map(([list, word]) => [
        list,
        { ...word, certifications: Object.values(word.certifications) },
      ]),
    ),
  };
};

const productsOf = (productId: string, state: RegisteredProduct): readonly MergedProduct[] => {
  const { manufacturerId, modelKey: model } = identityOf(state);
  return [{ productId, manufacturerId, model, code: state.code }, ...state.answersFor];
};

const uniteCertifications = (
  own: readonly StandingCertification[],
  merged: readonly StandingCertification[],
): Pick<Absorbed, 'certifications' | 'superseded'> => {
  const twins = new Map(
    merged.flatMap((one) => {
      const twin = own.find(
        (known) =>
          known.certificationId === one.certificationId ||
          sameCertification(known, one) ||
          restates(one, known),
      );
      return twin ? [[one.certificationId, twin] as const] : [];
    }),
  );
  const idOf = (id: string) => twins.get(id)?.certificationId ?? id;
  const added = merged.filter(({ certificationId }) => !twins.has(certificationId));
  const said = merged.flatMap(({ certificationId, supersededBy }) =>
    supersededBy === null ? [] : [[idOf(certificationId), idOf(supersededBy)] as const],
  );
  const together = said.reduce<readonly StandingCertification[]>(
    (known, [id, by]) =>
      known.map((one) =>
        one.certificationId === id && one.supersededBy === null && id !== by
          ? { ...one, supersededBy: by }
          : one,
      ),
    [...own, ...added],
  );
  const standing = together.map((one, at) => {
    // What stood side by side before goes on to do so.
    const others = at < own.length ? together.slice(own.length) : together;
    const by = one.supersededBy ?? newestOver(one, others)?.certificationId ?? null;
    return { ...one, supersededBy: by };
  });
  return {
    certifications: standing.slice(own.length),
    superseded: standing
      .slice(0, own.length)
      .flatMap(({ certificationId, supersededBy }, at) =>
        supersededBy === null || own[at]?.supersededBy !== null
          ? []
          : [{ certificationId, by: supersededBy }],
      ),
  };
};

/** The certification in force that replaces this one: a later one of its agency and standard, or itself with its edition. */
const newestOver = (
  one: StandingCertification,
  others: readonly StandingCertification[],
): StandingCertification | undefined =>
  others
    .filter((other) => other !== one && other.supersededBy === null && isLater(other, one))
    .sort((a, b) => ((a.certificateDate ?? '') < (b.certificateDate ?? '') ? 1 : -1))[0];

const isLater = (other: StandingCertification, one: StandingCertification): boolean => {
  if (other.agency !== one.agency || other.standard !== one.standard) return false;
  if (restates(one, other) && other.edition !== one.edition) return true;
  return (
    other.certificateDate !== null &&
    one.certificateDate !== null &&
    other.certificateDate > one.certificateDate
  );
};

const isNewer = (listing: Listing, own: Standing<Listing> | undefined): boolean => {
  if (!own) return true;
  if (own.by === 'person') return false;
  return own.value === null || (listing.lastUpdate ?? '') > (own.value.lastUpdate ?? '');
};

/** The product's facts with those that it took over. */
export const united = (state: RegisteredProduct, data: Absorbed): RegisteredProduct => {
  const { elements, personal, certifications, superseded, listings, lists, products } = data;
  const own = superseded.reduce<readonly StandingCertification[]>(
    (known, { certificationId, by }) =>
      supersededWhere((one) => one.certificationId === certificationId, by, known),
    state.certifications,
  );
  const taken = Object.entries(elements).map(([name, value]): [string, Standing<ElementValue>] => [
    name,
    { value, by: personal.includes(name) ? 'person' : 'list' },
  ]);
  const listed = listings.map(({ by, ...value }): [string, Standing<Listing>] => [
    value.agency,
    { value, by },
  ]);
  return {
    ...state,
    elements: { ...state.elements, ...Object.fromEntries(taken) },
    certifications: [...own, ...certifications],
    listings: { ...state.listings, ...Object.fromEntries(listed) },
    lists: { ...state.lists, ...wordsOf(state, lists) },
    answersFor: [...state.answersFor, ...products],
  };
};

/** What the product's own lists said stands before what those of the other one said. */
const wordsOf = (
  state: RegisteredProduct,
  lists: Absorbed['lists'],
): Readonly<Record<string, ListWord>> =>
  Object.fromEntries(
    Object.entries(lists).map(([list, word]) => {
      const own = state.lists[list] ?? noWord;
      const asOf = word.asOf === undefined ? own.asOf : laterOf(own.asOf, word.asOf);
      const certifications = Object.fromEntries(
        word.certifications.map((one) => [one.standard, one]),
      );
      return [
        list,
        {
          elements: { ...word.elements, ...own.elements },
          certifications: { ...certifications, ...own.certifications },
          listing: own.listing ?? word.listing,
          ...(asOf !== undefined && { asOf }),
        },
      ];
    }),
  );

/** What is gone and what stands again where a merger is undone. */
export const parted = (
  now: RegisteredProduct,
  before: RegisteredProduct,
): Omit<Released, 'productId' | 'mergerId'> => {
  const known = new Map(before.certifications.map((one) => [one.certificationId, one]));
  const ids = (isIt: (one: StandingCertification) => boolean) =>
    now.certifications.filter(isIt).map(({ certificationId }) => certificationId);
  const agencies = Object.keys(now.listings).filter(
    (agency) => now.listings[agency] !== before.listings[agency],
  );
  const restored = agencies.flatMap((agency) => {
    const { value = null, last } = before.listings[agency] ?? {};
    const listing = value ?? last;
    const state = value ? ('listed' as const) : ('withdrawn' as const);
    return listing ? [{ ...listing, state }] : [];
  });
  const isBack = (agency: string) => restored.some((one) => one.agency === agency);
  return {
    elements: Object.keys(now.elements).filter((name) => !before.elements[name]),
    certifications: ids(({ certificationId }) => !known.has(certificationId)),
    restored: ids(
      ({ certificationId, supersededBy }) =>
        supersededBy !== null && known.get(certificationId)?.supersededBy === null,
    ),
    listings: restored,
    unlisted: agencies.filter((agency) => !isBack(agency)),
  };
};
