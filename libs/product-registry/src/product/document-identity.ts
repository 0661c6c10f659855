import type { DocumentCertification, ProductDocument } from './document.js';
import { withCertification, withElements, without, withQualification } from './document-parts.js';
import type { IdentityEvent, ProductEventOf } from './events.js';

/** The document after an event about the product's name, or about products that are one. Pure and total. */
export const evolveDocumentIdentity = (
  document: ProductDocument,
  event: IdentityEvent,
): ProductDocument => {
  switch (event.type) {
    case 'ProductTransferred': {
      const { manufacturerId: id, from, released } = event.data;
      return { ...formerly(document, from, released), manufacturer: { id } };
    }
    case 'ModelRenamed': {
      const { model, released } = event.data;
      return { ...formerly(document, null, released), model };
    }
    case 'MergerPrepared':
      return document;
    case 'ProductMerged':
      return { ...document, mergedInto: event.data.into };
    case 'ProductAbsorbed':
      return absorbed(document, event.data);
    case 'ProductReleased':
      return released(document, event.data);
    case 'ProductSplit':
      return { ...document, mergedInto: null };
  }
};

const formerly = (
  document: ProductDocument,
  until: string | null,
  isError: true | undefined,
): ProductDocument => {
  const { manufacturer, model } = document;
  const former = { manufacturerId: manufacturer.id, model, until };
  return isError ? document : { ...document, formerly: [...document.formerly, former] };
};

const absorbed = (
  document: ProductDocument,
  data: ProductEventOf<'ProductAbsorbed'>['data'],
): ProductDocument => {
  const { elements, superseded, listings, products } = data;
  const certifications = data.certifications.reduce<readonly DocumentCertification[]>(
    (known, one) => replaced(withCertification(known, one), one.certificationId, one.supersededBy),
    document.certifications,
  );
  return {
    ...document,
    elements: withElements(document.elements, elements),
    certifications: superseded.reduce(
      (known, { certificationId, by }) => replaced(known, certificationId, by),
      certifications,
    ),
    qualifications: listings.reduce(withQualification, document.qualifications),
    merged: [
      ...document.merged,
      ...products.map(({ productId: id, ...product }) => ({ id, ...product })),
    ],
  };
};

const replaced = (
  certifications: readonly DocumentCertification[],
  certificationId: string,
  by: string | null,
): readonly DocumentCertification[] =>
  certifications.map((one) => (one.id === certificationId ? { ...one, supersededBy: by } : one));

/** Products that were merged by way of the released one stand behind it, as they came. */
const released = (
  document: ProductDocument,
  data: ProductEventOf<'ProductReleased'>['data'],
): ProductDocument => {
  const isBack = (one: DocumentCertification) => data.restored.includes(one.id);
  const at = document.merged.findLastIndex(({ id }) => id === data.productId);
  const listed = data.listings.reduce(
    (known, { state, ...listing }) =>
      withQualification(known, listing).map((one) =>
        one.agency === listing.agency ? { ...one, state } : one,
      ),
    document.qualifications,
  );
  return {
    ...document,
    elements: without(document.elements, data.elements),
    certifications: document.certifications
      .filter(({ id }) => !data.certifications.includes(id))
      .map((one) => (isBack(one) ? { ...one, supersededBy: null } : one)),
    qualifications: listed.filter(({ agency }) => !data.unlisted.includes(agency)),
    merged: at < 0 ? document.merged : document.merged.slice(0, at),
  };
};
