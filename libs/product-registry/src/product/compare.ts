import { sameAmount, withoutZeros } from '../amounts.js';
import type { CertificationFact } from './commands.js';
import type { ElementValue, Listing } from './events.js';

/** The same value, written the same way. The source's text counts only where nobody could read it. */
export const sameWriting = (a: ElementValue, b: ElementValue): boolean =>
  a.state === b.state &&
  a.unit === b.unit &&
  JSON.stringify(a.value) === JSON.stringify(b.value) &&
  (a.state !== 'unparsed' || a.raw === b.raw);

/** The same value, whatever unit and however many zeros it is written with. Null is "no value". */
export const sameMeaning = (a: ElementValue | null, b: ElementValue | null): boolean => {
  if (a === null || b === null) return a === b;
  return a.unit === b.unit ? sameWriting(plain(a), plain(b)) : sameAmount(a, b);
};

const plain = (element: ElementValue): ElementValue =>
  element.decimals !== undefined && typeof element.value === 'string'
    ? { ...element, value: withoutZeros(element.value) }
    : element;

export const sameCertification = (a: CertificationFact, b: CertificationFact): boolean =>
  a.agency === b.agency &&
  a.standard === b.standard &&
  a.edition === b.edition &&
  a.certificateDate === b.certificateDate;

/** The same certification, of which `said` may leave the edition out. */
export const restates = (said: CertificationFact, known: CertificationFact): boolean =>
  sameCertification(said, known) ||
  (said.edition === null && sameCertification({ ...said, edition: known.edition }, known));

/** The same certification, now with the edition that was not stated. */
export const completes = (said: CertificationFact, known: CertificationFact): boolean =>
  known.edition === null && said.edition !== null && restates(known, said);

export const sameListing = (a: Listing | null, b: Listing | null): boolean =>
  a === null || b === null ? a === b : differingFields(a, b).length === 0;

/** Names of the fields in which two listings differ, a remark by its column. */
export const differingFields = (a: Listing, b: Listing): readonly string[] => {
  const columns = new Set([...Object.keys(a.remarks), ...Object.keys(b.remarks)]);
  return [
    ...(['agency', 'listingDate', 'lastUpdate', 'notes'] as const).filter(
      (field) => a[field] !== b[field],
    ),
    ...[...columns]
      .filter((column) => a.remarks[column] !== b.remarks[column])
      .map((column) => `remarks/${column}`),
  ];
};
