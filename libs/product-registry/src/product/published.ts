import { Type } from 'typebox';

import { asStored } from '#fanout/as-stored.js';
import type { PublishedCategory } from '#fanout/contract.js';

import {
  closed,
  date,
  fromList,
  id,
  name,
  orNull,
  prodCode,
  text,
  texts,
} from '../published-parts.js';
import { productDecider } from './decider.js';
import type { ProductEvent } from './events.js';
import { productEventExamples as examples } from './examples.js';
import { publishedElements } from './published-elements.js';

const listing = closed({
  agency: name('The agency that lists the product, such as `CEC`.'),
  listingDate: orNull(date('When it was listed.')),
  lastUpdate: orNull(date('When the agency last changed the listing.')),
  notes: orNull(text('As written.')),
  remarks: texts('What else the list says of the product: columns and cells, as written.'),
  ...fromList,
});

/** What others are told of products. The names are permanent. */
export const publishedProducts: PublishedCategory<ProductEvent> = {
  types: productDecider,
  messages: {
    ProductRegistered: asStored({
      name: 'voltrace.product-registry.ProductRegistered.v1',
      summary: 'A product is known. The first fact of its stream.',
      schema: closed({
        productType: Type.Literal('ProdBattery', {
          description: 'As in the Orange Button taxonomy. More types will follow under this name.',
        }),
        manufacturerId: id('Its maker: the stream `manufacturer-<id>`.'),
        model: name('In its normal form, as it is shown.'),
        modelKey: name('The form under which maker and model are unique.'),
        code: orNull(prodCode('Its ProdCode, where its maker has an EntityCode.')),
        raw: Type.Optional(texts('What the source wrote for maker and model, where it differs.')),
        ...fromList,
      }),
      example: examples.ProductRegistered.data,
    }),
    ProdCodeAssigned: asStored({
      name: 'voltrace.product-registry.ProdCodeAssigned.v1',
      summary: 'The product has another ProdCode. Earlier ones keep leading to it.',
      schema: closed({
        code: prodCode('The code in force.'),
        previous: orNull(prodCode('The code until now.')),
      }),
      example: examples.ProdCodeAssigned.data,
    }),
    ElementsSet: asStored({
      name: 'voltrace.product-registry.ElementsSet.v1',
      summary: 'Elements of the product have these values now; others stay as they are.',
      schema: closed({ elements: publishedElements, ...fromList }),
      example: examples.ElementsSet.data,
    }),
    ElementsWithdrawn: asStored({
      name: 'voltrace.product-registry.ElementsWithdrawn.v1',
      summary: 'Elements of the product say nothing any more.',
      schema: closed({ names: Type.Array(name('Of an element.'), { minItems: 1 }), ...fromList }),
      example: examples.ElementsWithdrawn.data,
    }),
    CertificationRecorded: asStored({
      name: 'voltrace.product-registry.CertificationRecorded.v1',
      summary:
        'The product is certified. With an id that is known already: a list now says what stands on record.',
      schema: closed({
        certificationId: id('Of the certification, within the product.'),
        agency: name('The certifying agency, under its one spelling.'),
        standard: name('Such as `UL1973`.'),
        edition: orNull(text('Such as `Ed. 3 : 2022`; null where it is not stated.')),
        certificateDate: orNull(date('Null where it is not stated.')),
        raw: Type.Optional(texts('What the source wrote, where it differs.')),
        ...fromList,
      }),
      example: examples.CertificationRecorded.data,
    }),
    CertificationSuperseded: asStored({
      name: 'voltrace.product-registry.CertificationSuperseded.v1',
      summary: 'A certification of the product is replaced by a newer one.',
      schema: closed({
        certificationId: id('The certification that is replaced.'),
        by: id('The certification that replaces it.'),
        ...fromList,
      }),
      example: examples.CertificationSuperseded.data,
    }),
    ListingPublished: asStored({
      name: 'voltrace.product-registry.ListingPublished.v1',
      summary: 'A regulator lists the product.',
      schema: listing,
      example: examples.ListingPublished.data,
    }),
    ListingRevised: asStored({
      name: 'voltrace.product-registry.ListingRevised.v1',
      summary: 'The listing has another date, note or remark. All of it as it is now.',
      schema: listing,
      example: examples.ListingRevised.data,
    }),
    ListingWithdrawn: asStored({
      name: 'voltrace.product-registry.ListingWithdrawn.v1',
      summary: 'The regulator lists the product no more.',
      schema: closed({ agency: name('The agency that listed the product.'), ...fromList }),
      example: examples.ListingWithdrawn.data,
    }),
  },
};
