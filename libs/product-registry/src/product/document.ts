import { evolveDocumentIdentity } from './document-identity.js';
import { withCertification, withElements, without, withQualification } from './document-parts.js';
import type { ElementValue, Listing, ProductEvent, ProductType } from './events.js';
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
  /** The list that named it and no longer does. */
  readonly withdrawnBy?: string;
}

/** A name that the product had; `until` is a day where one is stated. */
export interface DocumentFormerName {
  readonly manufacturerId: string;
  readonly model: string;
  readonly until: string | null;
}

/** A product that was merged into this one. */
export interface DocumentMerged {
  readonly id: string;
  readonly manufacturerId: string;
  readonly model: string;
  readonly code: string | null;
}

export interface DocumentQualification extends Listing {
  readonly state: 'listed' | 'withdrawn';
}

/**
 * The product as the API shows it, without revision and position. `manufacturer` is the one that its own
 * stream states: its name and code, and whom it was merged into, are joined by the reader.
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
  /** Names under which it is found, too, the oldest first. */
  readonly formerly: readonly DocumentFormerName[];
  readonly merged: readonly DocumentMerged[];
  /** Id of the product that answers for this one. */
  readonly mergedInto: string | null;
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
      formerly: [],
      merged: [],
      mergedInto: null,
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
    case 'ListedNameDeclined':
    case 'ListedValueDeclined':
    case 'ListRepeated':
      return document;
    case 'CertificationWithdrawnByList': {
      const { certificationId, list } = event.data;
      const certifications = document.certifications.map((one) =>
        one.id === certificationId ? { ...one, withdrawnBy: list } : one,
      );
      return { ...document, certifications };
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
    default:
      return evolveDocumentIdentity(document, event);
  }
};
