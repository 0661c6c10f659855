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

export const withCertification = (
  current: readonly DocumentCertification[],
  { certificationId: id, agency, standard, edition, certificateDate }: Certification,
): readonly DocumentCertification[] =>
  current.some((one) => one.id === id)
    ? current
    : [...current, { id, agency, standard, edition, certificateDate, supersededBy: null }];

export const withQualification = (
  current: readonly DocumentQualification[],
  { agency, listingDate, lastUpdate, notes, remarks }: Listing,
): readonly DocumentQualification[] => {
  const listed = { agency, state: 'listed' as const, listingDate, lastUpdate, notes, remarks };
  return current.some((one) => one.agency === agency)
    ? current.map((one) => (one.agency === agency ? listed : one))
    : [...current, listed];
};
