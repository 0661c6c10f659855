import type {
  DocumentCertification,
  DocumentElement,
  DocumentQualification,
  ProductDocument,
} from './document.js';
import type { Certification, Elements, ElementValue, Listing } from './events.js';

export const withElements = (
  current: ProductDocument['elements'],
  set: Elements,
): ProductDocument['elements'] => {
  const shown = Object.entries(set).map(([name, value]) => [name, shownElement(value)] as const);
  return { ...current, ...Object.fromEntries(shown) };
};

export const shownElement = ({
  state,
  value,
  unit,
  decimals,
  raw,
}: ElementValue): DocumentElement => ({
  value,
  ...(unit !== undefined && { unit }),
  ...(decimals !== undefined && { decimals }),
  ...(state !== 'submitted' && { state }),
  ...(state === 'unparsed' && raw !== undefined && { raw }),
});

export const without = (
  current: ProductDocument['elements'],
  names: readonly string[],
): ProductDocument['elements'] =>
  Object.fromEntries(Object.entries(current).filter(([name]) => !names.includes(name)));

/** Of one that is known: the edition that was not stated, and the list that names it again. */
export const withCertification = (
  current: readonly DocumentCertification[],
  { certificationId: id, list, withdrawnBy, ...said }: RecordedCertification,
): readonly DocumentCertification[] => {
  const { agency, standard, edition, certificateDate } = said;
  if (!current.some((one) => one.id === id)) {
    const added = { id, agency, standard, edition, certificateDate, supersededBy: null };
    return [...current, { ...added, ...(withdrawnBy !== undefined && { withdrawnBy }) }];
  }
  return current.map((one) => {
    if (one.id !== id) return one;
    const { withdrawnBy: before, ...known } = one;
    const isStill = before !== undefined && before !== list;
    return {
      ...known,
      edition: known.edition ?? edition,
      ...(isStill && { withdrawnBy: before }),
    };
  });
};

type RecordedCertification = Certification & {
  readonly list?: string;
  readonly withdrawnBy?: string;
};

export const withQualification = (
  current: readonly DocumentQualification[],
  { agency, listingDate, lastUpdate, notes, remarks }: Listing,
): readonly DocumentQualification[] => {
  const listed = { agency, state: 'listed' as const, listingDate, lastUpdate, notes, remarks };
  return current.some((one) => one.agency === agency)
    ? current.map((one) => (one.agency === agency ? listed : one))
    : [...current, listed];
};
