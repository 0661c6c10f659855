import type {
  Certification,
  Elements,
  ElementValue,
  Listing,
  ProductEvent,
  ProductType,
} from './events.js';
import { supersededWhere } from './superseded-where.js';

/** An element as it is shown: `state` only where it is not a submitted value, `raw` only where nobody could read it. */
export interface DocumentElement {
  readonly value: ElementValue['value'];
  readonly unit?: string;
  readonly decimals?: number;
  readonly state?: 'notSubmitted' | 'unparsed';
  readonly raw?: string;
}

export interface DocumentCertification {
  readonly id: string;
  readonly agency: string;
  readonly standard: string;
  readonly edition: string | null;
  readonly certificateDate: string | null;
  /** Id of the certification that replaced this one. */
  readonly supersededBy: string | null;
}

export interface DocumentQualification extends Listing {
  readonly state: 'listed' | 'withdrawn';
}

/**
 * The product as the API shows it, without revision and position. `manufacturer` is the one it was
 * registered under: its name and code, and whom it was merged into, are joined by the reader.
 */
export interface ProductDocument {
  readonly id: string;
  readonly code: string | null;
  readonly type: ProductType;
  readonly manufacturer: { readonly id: string };
  readonly model: string;
  readonly elements: Readonly<Record<string, DocumentElement>>;
  readonly certifications: readonly DocumentCertification[];
  readonly qualifications: readonly DocumentQualification[];
}

/** The document after one more event. Pure and total: what comes before the registration is ignored. */
export const evolveDocument = (
  document: ProductDocument | null,
  id: string,
  event: ProductEvent,
): ProductDocument | null => {
  if (event.type === 'ProductRegistered') {
    const { productType, manufacturerId, model, code } = event.data;
    return {
      id,
      code,
      type: productType,
      manufacturer: { id: manufacturerId },
      model,
      elements: {},
      certifications: [],
      qualifications: [],
    };
  }
  return document && evolveRegistered(document, event);
};

const evolveRegistered = (
  document: ProductDocument,
  event: Exclude<ProductEvent, { type: 'ProductRegistered' }>,
): ProductDocument => {
  switch (event.type) {
    case 'ProdCodeAssigned':
      return { ...document, code: event.data.code };
    case 'ElementsSet':
      return { ...document, elements: withElements(document.elements, event.data.elements) };
    case 'ElementsWithdrawn':
      return { ...document, elements: without(document.elements, event.data.names) };
    case 'CertificationRecorded':
      return {
        ...document,
        certifications: withCertification(document.certifications, event.data),
      };
    case 'CertificationSuperseded': {
      const { certificationId, by } = event.data;
      const isIt = (one: DocumentCertification) => one.id === certificationId;
      return { ...document, certifications: supersededWhere(isIt, by, document.certifications) };
    }
    case 'ListingPublished':
    case 'ListingRevised':
      return {
        ...document,
        qualifications: withQualification(document.qualifications, event.data),
      };
    case 'ListingWithdrawn': {
      const qualifications = document.qualifications.map((one) =>
        one.agency === event.data.agency ? { ...one, state: 'withdrawn' as const } : one,
      );
      return { ...document, qualifications };
    }
  }
};

const withElements = (
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

const without = (
  current: ProductDocument['elements'],
  names: readonly string[],
): ProductDocument['elements'] =>
  Object.fromEntries(Object.entries(current).filter(([name]) => !names.includes(name)));

const withCertification = (
  current: readonly DocumentCertification[],
  { certificationId: id, agency, standard, edition, certificateDate }: Certification,
): readonly DocumentCertification[] =>
  current.some((one) => one.id === id)
    ? current
    : [...current, { id, agency, standard, edition, certificateDate, supersededBy: null }];

const withQualification = (
  current: readonly DocumentQualification[],
  { agency, listingDate, lastUpdate, notes, remarks }: Listing,
): readonly DocumentQualification[] => {
  const listed = { agency, state: 'listed' as const, listingDate, lastUpdate, notes, remarks };
  return current.some((one) => one.agency === agency)
    ? current.map((one) => (one.agency === agency ? listed : one))
    : [...current, listed];
};
