import { isDay } from '#kernel/instant.js';
import { Refusal } from '#kernel/refusal.js';

import { type ElementInput, readElements } from '../read-elements.js';
import { certificationIdOf, currentCertifications, superseded } from './certifications.js';
import type { CertificationFact, ResolveListConflict } from './commands.js';
import { restates, sameListing, sameMeaning } from './compare.js';
import type { RegisteredProduct } from './decider.js';
import type { ProductEvent, ProductEventOf } from './events.js';
import { emptyListing, isListingField, withField } from './listed-qualification.js';
import { newerListThan } from './reconcile.js';
import { withWord } from './standing.js';

/**
 * What a person decides of one value that a list says and that waits. `take`: it stands, as the list's word.
 * `keep`: what stands goes on to, and the list's word is only noted, so that it is asked for again when
 * the list says something else. Where a newer list has named the product since, there is nothing more to take and
 * nothing to note.
 *
 * Throws `LIST_CONFLICT_INVALID` and `ELEMENTS_INVALID` (`unprocessable`), `LIST_CONFLICT_OUTDATED` (`conflict`) with `asOf`,
 * and `LIST_CONFLICT_DECIDED` (`conflict`) with `onlyOpen`.
 */
export const resolveListConflict = (
  command: ResolveListConflict,
  state: RegisteredProduct,
): readonly ProductEvent[] => {
  const { path, decision, asOf } = command.data;
  const newer = newerListThan(command.data, state);
  if (newer !== undefined) {
    if (decision === 'take') throw outdated(newer, String(asOf));
    return [];
  }
  const [, part, name = '', ...field] = path.split('/');
  if (part === 'elements' && field.length === 0) return element(command, name, state);
  if (part === 'certifications' && field.length === 0) return certificate(command, name, state);
  if (part === 'qualifications' && isListingField(field.join('/'))) {
    return listingField(command, name, field.join('/'), state);
  }
  throw invalid('/path', 'expected a path as a row’s conflict names it');
};

const element = (
  command: ResolveListConflict,
  name: string,
  state: RegisteredProduct,
): readonly ProductEvent[] => {
  const { list, decision, value } = command.data;
  const inputs = { [name]: (value ?? { value: '' }) as ElementInput };
  if (value !== null && (typeof value !== 'object' || Array.isArray(value))) {
    throw invalid('/value', 'expected an element such as {"value": "5.2", "unit": "kWh"}, or null');
  }
  const read = value === null ? null : (readElements(state.productType, inputs)[name] ?? null);
  const last = state.lists[list]?.elements[name] ?? null;
  const standing = state.elements[name]?.value ?? null;
  refuseDecided(command, sameMeaning(last, read), sameMeaning(standing, read));
  if (decision === 'keep') {
    if (sameMeaning(last, read)) return [];
    return [declined(list, read ? { elements: { [name]: read } } : { withdrawn: [name] })];
  }
  if (sameMeaning(standing, read) && sameMeaning(last, read)) return [];
  return read
    ? [{ type: 'ElementsSet', data: { elements: { [name]: read }, list } }]
    : [{ type: 'ElementsWithdrawn', data: { names: [name], list } }];
};

const certificate = (
  command: ResolveListConflict,
  standard: string,
  state: RegisteredProduct,
): readonly ProductEvent[] => {
  const { list, decision, value } = command.data;
  const fact = factOf(value, standard);
  const last = state.lists[list]?.certifications[standard];
  const current = currentCertifications(state).filter((one) => one.standard === standard);
  const known = current.find((one) => restates(fact, one));
  const certificationId = known?.certificationId ?? certificationIdOf(command.meta.commandId, fact);
  const replaced = current.filter((one) => one.certificationId !== certificationId);
  const isSaid = last !== undefined && restates(fact, last);
  const stands = known !== undefined && replaced.length === 0;
  refuseDecided(command, isSaid, stands);
  if (decision === 'keep') {
    return isSaid ? [] : [declined(list, { certification: { certificationId, ...fact } })];
  }
  if (isSaid && stands) return [];
  return [
    { type: 'CertificationRecorded', data: { certificationId, ...fact, list } },
    ...replaced.map((one) => superseded(one.certificationId, certificationId, list)),
  ];
};

const listingField = (
  command: ResolveListConflict,
  agency: string,
  field: string,
  state: RegisteredProduct,
): readonly ProductEvent[] => {
  const { list, decision, value } = command.data;
  if (value !== null && typeof value !== 'string') {
    throw invalid('/value', 'expected a text, or null');
  }
  if (value !== null && dateFields.has(field) && !isDay(value)) {
    throw invalid('/value', 'expected a day such as 2026-02-11, or null');
  }
  const last = state.lists[list]?.listing ?? null;
  const said = withField(last ?? emptyListing(agency), field, value);
  const standing = state.listings[agency]?.value ?? null;
  const shown = withField(standing ?? emptyListing(agency), field, value);
  refuseDecided(command, sameListing(last, said), sameListing(standing, shown));
  if (decision === 'keep')
    return sameListing(last, said) ? [] : [declined(list, { listing: said })];
  if (sameListing(last, said) && sameListing(standing, shown)) return [];
  const type = standing ? 'ListingRevised' : 'ListingPublished';
  return [{ type, data: { ...shown, list, ...(!sameListing(said, shown) && { said }) } }];
};

/** Once the list's word is noted, somebody has decided: to take it where it stands, else to keep what did. */
const refuseDecided = (
  { data: { decision, onlyOpen = false } }: ResolveListConflict,
  isSaid: boolean,
  stands: boolean,
): void => {
  if (!onlyOpen || !isSaid || stands === (decision === 'take')) return;
  throw new Refusal(
    'LIST_CONFLICT_DECIDED',
    'conflict',
    stands
      ? 'somebody has taken what the list says by now'
      : 'somebody has decided by now to keep what stands',
  );
};

type Declined = ProductEventOf<'ListedValueDeclined'>['data'];

const declined = (list: string, word: Omit<Declined, 'list'>): ProductEvent => ({
  type: 'ListedValueDeclined',
  data: { list, ...word },
});

/** The list's word is noted; what stands is not changed by it. */
export const withDeclined = (
  state: RegisteredProduct,
  { list, elements = {}, withdrawn = [], certification, listing }: Declined,
): RegisteredProduct =>
  withWord(state, list, (word) => ({
    ...word,
    elements: Object.fromEntries(
      Object.entries({ ...word.elements, ...elements }).filter(
        ([name]) => !withdrawn.includes(name),
      ),
    ),
    certifications: certification
      ? { ...word.certifications, [certification.standard]: certification }
      : word.certifications,
    listing: listing ?? word.listing,
  }));

const factOf = (value: unknown, standard: string): CertificationFact => {
  const {
    agency,
    edition = null,
    certificateDate = null,
  } = (value ?? {}) as Partial<Record<'agency' | 'edition' | 'certificateDate', unknown>>;
  const isFact =
    typeof agency === 'string' &&
    agency !== '' &&
    (edition === null || typeof edition === 'string') &&
    (certificateDate === null || (typeof certificateDate === 'string' && isDay(certificateDate)));
  if (!isFact) throw invalid('/value', 'expected an object with agency, edition, certificateDate');
  return { agency, standard, edition, certificateDate };
};

const outdated = (newer: string, asOf: string) =>
  new Refusal(
    'LIST_CONFLICT_OUTDATED',
    'conflict',
    `the list of ${newer} names the product, and this value is of the one of ${asOf}`,
    { asOf: newer },
  );

const dateFields: ReadonlySet<string> = new Set(['listingDate', 'lastUpdate']);

const invalid = (pointer: string, reason: string) =>
  new Refusal('LIST_CONFLICT_INVALID', 'unprocessable', `${pointer}: ${reason}`, {
    errors: [{ pointer, reason }],
  });
