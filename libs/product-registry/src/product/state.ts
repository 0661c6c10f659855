import type { Key } from '#kernel/decider.js';

import type { Registration } from './commands.js';
import { sameListing, sameMeaning } from './compare.js';
import type {
  Certification,
  Elements,
  ElementValue,
  Listing,
  ProductEvent,
  ProductEventOf,
  ProductType,
} from './events.js';
import { supersededWhere } from './superseded-where.js';

/**
 * The last word on a value. A list that says the same as a person does not take the word from the
 * person: only another person does. `value` null: withdrawn.
 */
export interface Standing<T> {
  readonly value: T | null;
  readonly by: 'person' | 'list';
}

export interface StandingCertification extends Certification {
  readonly by: 'person' | 'list';
  readonly supersededBy: string | null;
}

/** What a list said last, whatever a person said since. */
export interface ListWord {
  readonly elements: Elements;
  /** By standard. */
  readonly certifications: Readonly<Record<string, Certification>>;
  readonly listing: Listing | null;
}

export interface RegisteredProduct {
  readonly status: 'registered';
  readonly productType: ProductType;
  readonly model: string;
  /** As at the registration. */
  readonly registration: Registration;
  readonly code: string | null;
  /** Every code that it ever had, the newest last. */
  readonly codes: readonly string[];
  readonly elements: Readonly<Record<string, Standing<ElementValue>>>;
  readonly certifications: readonly StandingCertification[];
  /** By agency. */
  readonly listings: Readonly<Record<string, Standing<Listing>>>;
  /** By list. */
  readonly lists: Readonly<Record<string, ListWord>>;
}

export type ProductState = { readonly status: 'absent' } | RegisteredProduct;

export const absent: ProductState = { status: 'absent' };
export const noWord: ListWord = { elements: {}, certifications: {}, listing: null };

/** Kinds of the keys that a product holds. Stored literals. */
export const productKeyKind = 'product';
export const prodCodeKeyKind = 'prodCode';

export const productKey = (manufacturerId: string, modelKey: string): Key => ({
  kind: productKeyKind,
  value: `${manufacturerId} ${modelKey}`,
});
export const prodCodeKey = (code: string): Key => ({ kind: prodCodeKeyKind, value: code });

export const productKeys = (state: ProductState): readonly Key[] =>
  state.status === 'absent'
    ? []
    : [
        productKey(state.registration.manufacturerId, state.registration.modelKey),
        ...state.codes.map(prodCodeKey),
      ];

export const evolveProduct = (state: ProductState, event: ProductEvent): ProductState => {
  if (event.type === 'ProductRegistered') return registered(event.data);
  return state.status === 'absent' ? state : evolveRegistered(state, event);
};

const registered = ({
  productType,
  model,
  manufacturerId,
  modelKey,
  code,
}: ProductEventOf<'ProductRegistered'>['data']): RegisteredProduct => ({
  status: 'registered',
  productType,
  model,
  registration: { manufacturerId, modelKey, code },
  code,
  codes: code === null ? [] : [code],
  elements: {},
  certifications: [],
  listings: {},
  lists: {},
});

const evolveRegistered = (
  state: RegisteredProduct,
  event: Exclude<ProductEvent, { type: 'ProductRegistered' }>,
): RegisteredProduct => {
  switch (event.type) {
    case 'ProdCodeAssigned': {
      const { code } = event.data;
      return { ...state, code, codes: [...state.codes.filter((old) => old !== code), code] };
    }
    case 'ElementsSet': {
      const { elements, list } = event.data;
      const next = withWord(state, list, (word) => ({
        ...word,
        elements: { ...word.elements, ...elements },
      }));
      return { ...next, elements: { ...next.elements, ...standing(next, elements, list) } };
    }
    case 'ElementsWithdrawn': {
      const { names, list } = event.data;
      const gone = Object.fromEntries(names.map((name) => [name, null]));
      const next = withWord(state, list, (word) => ({
        ...word,
        elements: Object.fromEntries(
          Object.entries(word.elements).filter(([name]) => !names.includes(name)),
        ),
      }));
      return { ...next, elements: { ...next.elements, ...standing(next, gone, list) } };
    }
    case 'CertificationRecorded':
      return recordCertification(state, event.data);
    case 'CertificationSuperseded': {
      const { certificationId, by } = event.data;
      const isIt = (one: Certification) => one.certificationId === certificationId;
      return { ...state, certifications: supersededWhere(isIt, by, state.certifications) };
    }
    case 'ListingPublished':
    case 'ListingRevised': {
      const { list, ...listing } = event.data;
      const next = withWord(state, list, (word) => ({ ...word, listing }));
      return withListing(next, listing.agency, listing, list);
    }
    case 'ListingWithdrawn': {
      const { agency, list } = event.data;
      const next = withWord(state, list, (word) => ({ ...word, listing: null }));
      return withListing(next, agency, null, list);
    }
  }
};

const withWord = (
  state: RegisteredProduct,
  list: string | undefined,
  change: (word: ListWord) => ListWord,
): RegisteredProduct =>
  list === undefined
    ? state
    : { ...state, lists: { ...state.lists, [list]: change(state.lists[list] ?? noWord) } };

const standing = (
  state: RegisteredProduct,
  said: Readonly<Record<string, ElementValue | null>>,
  list: string | undefined,
): Readonly<Record<string, Standing<ElementValue>>> =>
  Object.fromEntries(
    Object.entries(said).map(([name, value]) => [
      name,
      lastWord(state.elements[name], value, list, sameMeaning),
    ]),
  );

const withListing = (
  state: RegisteredProduct,
  agency: string,
  value: Listing | null,
  list: string | undefined,
): RegisteredProduct => ({
  ...state,
  listings: {
    ...state.listings,
    [agency]: lastWord(state.listings[agency], value, list, sameListing),
  },
});

/** The word stays a person's where a list only says the same. */
const lastWord = <T>(
  before: Standing<T> | undefined,
  value: T | null,
  list: string | undefined,
  same: (a: T | null, b: T | null) => boolean,
): Standing<T> => {
  const agrees = before?.by === 'person' && same(before.value, value);
  return { value, by: list === undefined || agrees ? 'person' : 'list' };
};

/** A certification whose id is known already was confirmed by a list: only the list's word changes. */
const recordCertification = (
  state: RegisteredProduct,
  { list, ...certification }: ProductEventOf<'CertificationRecorded'>['data'],
): RegisteredProduct => {
  const next = withWord(state, list, (word) => ({
    ...word,
    certifications: { ...word.certifications, [certification.standard]: certification },
  }));
  const known = next.certifications.some(
    ({ certificationId }) => certificationId === certification.certificationId,
  );
  if (known) return next;
  const by = list === undefined ? 'person' : 'list';
  const recorded = { ...certification, by, supersededBy: null } as const;
  return { ...next, certifications: [...next.certifications, recorded] };
};
