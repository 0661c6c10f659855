import { sameListing, sameMeaning } from './compare.js';
import type { RegisteredProduct } from './decider.js';
import type { Certification, Elements, ElementValue, Listing, ProductEventOf } from './events.js';

/**
 * The last word on a value. A list that says the same as a person does not take the word from the
 * person: only another person does. `value` null: withdrawn.
 */
export interface Standing<T> {
  readonly value: T | null;
  readonly by: 'person' | 'list';
  /** Of a listing that was withdrawn, what it said. */
  readonly last?: T;
}

export interface StandingCertification extends Certification {
  readonly by: 'person' | 'list';
  readonly supersededBy: string | null;
  /** The list that named it and no longer does. */
  readonly withdrawnBy?: string;
}

/** What a list said last, whatever a person said since. */
export interface ListWord {
  readonly elements: Elements;
  /** By standard. */
  readonly certifications: Readonly<Record<string, Certification>>;
  readonly listing: Listing | null;
  /** The newest date of a list that spoke of the product; absent where none was dated. */
  readonly asOf?: string;
}

export const noWord: ListWord = { elements: {}, certifications: {}, listing: null };

export const withWord = (
  state: RegisteredProduct,
  list: string | undefined,
  change: (word: ListWord) => ListWord,
): RegisteredProduct =>
  list === undefined
    ? state
    : { ...state, lists: { ...state.lists, [list]: change(state.lists[list] ?? noWord) } };

/** The list's word, of the date that its event states. */
export const dated = (state: RegisteredProduct, data: object): RegisteredProduct => {
  const { list, asOf } = data as { readonly list?: string; readonly asOf?: string };
  if (asOf === undefined) return state;
  return withWord(state, list, (word) => ({ ...word, asOf: laterOf(word.asOf, asOf) }));
};

/** It holds also when a merger from before is undone: no older list changes what this one said. */
export const repeated = (
  state: RegisteredProduct,
  said: ProductEventOf<'ListRepeated'>['data'],
): RegisteredProduct => ({
  ...dated(state, said),
  beforeMerger: state.beforeMerger && repeated(state.beforeMerger, said),
});

/** ISO 8601 dates of one form order as text. */
export const laterOf = (one: string | undefined, other: string): string =>
  one !== undefined && one > other ? one : other;

export const standing = (
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

export const withListing = (
  state: RegisteredProduct,
  agency: string,
  value: Listing | null,
  list: string | undefined,
): RegisteredProduct => {
  const before = state.listings[agency];
  const last = before?.value ?? before?.last;
  const word = lastWord(before, value, list, sameListing);
  const standing = value === null && last ? { ...word, last } : word;
  return { ...state, listings: { ...state.listings, [agency]: standing } };
};

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

/** Of a certification whose id is known already: what the list says of it, and the edition that was not stated. */
export const withCertification = (
  state: RegisteredProduct,
  { list, asOf: _, ...certification }: ProductEventOf<'CertificationRecorded'>['data'],
): RegisteredProduct => {
  const next = withWord(state, list, (word) => ({
    ...word,
    certifications: { ...word.certifications, [certification.standard]: certification },
  }));
  const { certificationId, edition } = certification;
  const by = list === undefined ? 'person' : 'list';
  if (!next.certifications.some((one) => one.certificationId === certificationId)) {
    const recorded = { ...certification, by, supersededBy: null } as const;
    return { ...next, certifications: [...next.certifications, recorded] };
  }
  const certifications = next.certifications.map((one) => {
    if (one.certificationId !== certificationId) return one;
    const { withdrawnBy, ...known } = one;
    return {
      ...known,
      edition: known.edition ?? edition,
      by: list === undefined ? by : known.by,
      ...(withdrawnBy !== undefined && withdrawnBy !== list && { withdrawnBy }),
    };
  });
  return { ...next, certifications };
};

export const withdrawnByList = (
  state: RegisteredProduct,
  { certificationId, list }: ProductEventOf<'CertificationWithdrawnByList'>['data'],
): RegisteredProduct => {
  const next = withWord(state, list, (word) => ({
    ...word,
    certifications: Object.fromEntries(
      Object.entries(word.certifications).filter(
        ([, one]) => one.certificationId !== certificationId,
      ),
    ),
  }));
  const certifications = next.certifications.map((one) =>
    one.certificationId === certificationId ? { ...one, withdrawnBy: list } : one,
  );
  return { ...next, certifications };
};
