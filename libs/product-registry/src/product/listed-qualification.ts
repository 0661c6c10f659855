import type { ListedQualification } from './commands.js';
import { differingFields, sameListing } from './compare.js';
import type { RegisteredProduct } from './decider.js';
import type { Listing, ProductEventOf } from './events.js';
import type { ListConflict, Weighed } from './list-conflict.js';

type ListingEvent = ProductEventOf<'ListingPublished' | 'ListingRevised'>;

/**
 * What a row changes of a listing, field by field. A field in which a person’s listing differs from what
 * the list said last is the person’s; the list’s last word on it stays as it was until somebody decides.
 */
export const weighListing = (
  list: string,
  row: ListedQualification,
  state: RegisteredProduct,
): Weighed<ListingEvent> => {
  const last = state.lists[list]?.listing ?? null;
  const listed = listingOf(row, last);
  if (sameListing(last, listed)) return nothing;
  const standing = state.listings[listed.agency];
  const isPersons = standing?.by === 'person';
  const path = `/qualifications/${listed.agency}`;
  if (isPersons && !standing.value) {
    return { events: [], conflicts: [{ path, listed, standing: null }] };
  }
  const changed = last ? differingFields(last, listed) : fieldsOf(listed);
  const personal = isPersons ? standing.value : null;
  const conflicts: ListConflict[] = [];
  let said = last ?? emptyListing(listed.agency);
  let shown = personal ?? said;
  for (const field of changed) {
    const value = valueAt(listed, field);
    const conflict = conflictOf({ field, value, last, personal });
    if (conflict) conflicts.push({ path: `${path}/${field}`, ...conflict });
    else {
      said = withField(said, field, value);
      shown = withField(shown, field, value);
    }
  }
  const isNothing = changed.length > 0 && conflicts.length === changed.length;
  const type = standing?.value ? 'ListingRevised' : 'ListingPublished';
  const data = { ...shown, list, ...(!sameListing(said, shown) && { said }) };
  return { events: isNothing ? [] : [{ type, data }], conflicts };
};

const nothing = { events: [], conflicts: [] };

interface FieldSaid {
  readonly field: string;
  readonly value: string | null;
  readonly last: Listing | null;
  readonly personal: Listing | null;
}

const conflictOf = ({
  field,
  value,
  last,
  personal,
}: FieldSaid): Omit<ListConflict, 'path'> | undefined => {
  const before = last ? valueAt(last, field) : null;
  const standing = personal ? valueAt(personal, field) : before;
  if (personal && standing !== before && standing !== value) return { listed: value, standing };
  const isBack = field === 'lastUpdate' && before !== null && (value === null || value < before);
  return isBack ? { listed: value, standing: before, cause: 'goesBack' } : undefined;
};

/** The whole listing: where the row says nothing of a field, the list's last word on it stands. */
const listingOf = (
  { agency, listingDate, lastUpdate, notes, remarks }: ListedQualification,
  last: Listing | null,
): Listing => {
  const said = { ...last?.remarks, ...remarks };
  return {
    agency,
    listingDate: (listingDate === undefined ? last?.listingDate : listingDate) ?? null,
    lastUpdate: (lastUpdate === undefined ? last?.lastUpdate : lastUpdate) ?? null,
    notes: (notes === undefined ? last?.notes : notes) ?? null,
    remarks: Object.fromEntries(
      Object.entries(said).filter((entry): entry is [string, string] => entry[1] !== null),
    ),
  };
};

export const emptyListing = (agency: string): Listing => ({
  ...{ agency, listingDate: null, lastUpdate: null, notes: null },
  remarks: {},
});

const fieldsOf = (listing: Listing): readonly string[] =>
  differingFields(emptyListing(listing.agency), listing);

const remarkPrefix = 'remarks/';

/** Whether a field of a listing is called so: a remark by its column. */
export const isListingField = (field: string): boolean =>
  ['listingDate', 'lastUpdate', 'notes'].includes(field) ||
  (field.startsWith(remarkPrefix) && field.length > remarkPrefix.length);

const valueAt = (listing: Listing, field: string): string | null =>
  field.startsWith(remarkPrefix)
    ? (listing.remarks[field.slice(remarkPrefix.length)] ?? null)
    : listing[field as 'agency' | 'listingDate' | 'lastUpdate' | 'notes'];

export const withField = (listing: Listing, field: string, value: string | null): Listing => {
  if (!field.startsWith(remarkPrefix)) return { ...listing, [field]: value };
  const column = field.slice(remarkPrefix.length);
  const others = Object.entries(listing.remarks).filter(([name]) => name !== column);
  const remarks = Object.fromEntries(value === null ? others : [...others, [column, value]]);
  return { ...listing, remarks };
};
