import { Type } from 'typebox';

import { eventTypes, type ObjectOf } from '#kernel/event-types.js';
import { choice, closed, date, id, name, orNull, texts } from '#kernel/schema.js';

import { prodCode } from '../schemas.js';
import { elementsByName } from './element-schema.js';
import { type Certification, certification, type Listing, listing } from './fact-schemas.js';

// What becomes of a product's name and of products that are one. The names below are the storage format, and public.

const one = '0d4b3a4e-5a0c-5f5b-8a5c-000000000001';
const maker = '0d4b3a4e-5a0c-5f5b-8a5c-000000000002';
const certificationId = '0d4b3a4e-5a0c-5f5b-8a5c-000000000003';
const other = '0d4b3a4e-5a0c-5f5b-8a5c-000000000005';
const mergerId = '0d4b3a4e-5a0c-5f5b-8a5c-000000000006';

const by = choice(['person', 'list'], 'Whose word it is: a person’s, or only a list’s.');
const merger = id('Of the merger: the same in each event that is about it.');
const released = Type.Optional(
  Type.Literal(true, {
    description: 'The former name was an error: it is the product’s no more. Absent: it stays.',
  }),
);

const identity = {
  manufacturerId: id('A manufacturer: the stream `manufacturer-<id>`.'),
  modelKey: name('A model in its normal form.'),
};
/** A name of a product: manufacturer and model, unique as they are. */
export type Identity = ObjectOf<typeof identity>;

const merged = {
  productId: id('Of the product: the stream `product-<id>`.'),
  manufacturerId: id('Its manufacturer.'),
  model: name('Its model.'),
  code: orNull(prodCode('Its ProdCode.')),
};
/** A product that another one answers for. */
export type MergedProduct = ObjectOf<typeof merged>;

const word = {
  elements: elementsByName,
  certifications: Type.Array(closed(certification)),
  listing: orNull(closed(listing)),
  asOf: Type.Optional(date('The newest date of a list that spoke of it.')),
};
const listsWord = Type.Unsafe<
  Readonly<
    Record<
      string,
      {
        readonly elements: ObjectOf<typeof word>['elements'];
        readonly certifications: readonly Certification[];
        readonly listing: Listing | null;
        readonly asOf?: string;
      }
    >
  >
>({
  type: 'object',
  additionalProperties: closed(word),
  description: 'By list, what it said last of the other product.',
});

const qualification = {
  ...listing,
  state: choice(['listed', 'withdrawn'], 'Whether the agency lists the product.'),
};

export const identityEvents = eventTypes({
  ProductTransferred: {
    about:
      'The product has another manufacturer. It stays the same product, and is found under both.',
    data: closed({
      manufacturerId: id('Its manufacturer from now on.'),
      previous: id('Its manufacturer until now.'),
      from: date('Since when the new one makes or sells it.'),
      released,
    }),
    example: { manufacturerId: other, previous: maker, from: '2025-07-01' },
  },
  ModelRenamed: {
    about:
      'The model has another spelling or name. It stays the same product, and is found by both.',
    data: closed({
      model: name('In its normal form, as it is shown and unique.'),
      previous: name('The model until now.'),
      raw: Type.Optional(texts('What the source wrote, where it differs.')),
      released,
    }),
    example: {
      model: 'APbattery 51.2V/10.24kWh',
      previous: 'APbattery-51.2V/10.24kWh-U(N=1)',
      raw: { model: 'APbattery 51.2V/10.24kWh ' },
    },
  },
  MergerPrepared: {
    about:
      'Another product is about to be merged into this one. Means nothing without that one’s ProductMerged.',
    data: closed({ productId: id('The other product.') }),
    example: { productId: other },
  },
  ProductMerged: {
    about:
      'The product is the same as another one, which answers for its names and codes from now on.',
    data: closed({ into: id('The product that answers.'), mergerId: merger }),
    example: { into: other, mergerId },
  },
  ProductAbsorbed: {
    about:
      'The product answers for another one, and has what that one had and this one had not. Follows that one’s ProductMerged.',
    data: closed({
      productId: id('The product that is answered for.'),
      mergerId: merger,
      products: Type.Array(closed(merged), {
        minItems: 1,
        description: 'That product, and those that it answered for.',
      }),
      identities: Type.Array(closed(identity), {
        description: 'Every manufacturer and model under which they are found.',
      }),
      elements: elementsByName,
      personal: Type.Array(name('Of an element.'), {
        description: 'Of the elements, those that are a person’s word.',
      }),
      certifications: Type.Array(
        closed({
          ...certification,
          by,
          supersededBy: orNull(id('The certification that replaced it.')),
          withdrawnBy: Type.Optional(name('The list that named it and no longer does.')),
        }),
      ),
      superseded: Type.Array(
        closed({
          certificationId: id('One of this product’s own.'),
          by: id('The certification that replaces it.'),
        }),
      ),
      listings: Type.Array(closed({ ...listing, by })),
      lists: listsWord,
    }),
    example: {
      productId: other,
      mergerId,
      products: [
        {
          productId: other,
          manufacturerId: maker,
          model: 'APbattery-51.2V',
          code: 'ALTEN-APBATTERY_51_2V',
        },
      ],
      identities: [{ manufacturerId: maker, modelKey: 'APbattery-51.2V' }],
      elements: { Description: { state: 'submitted', value: 'rack' } },
      personal: ['Description'],
      certifications: [
        {
          certificationId,
          agency: 'CSA Group',
          standard: 'UL1973',
          edition: null,
          certificateDate: '2022-02-02',
          by: 'list',
          supersededBy: null,
        },
      ],
      superseded: [],
      listings: [],
      lists: {},
    },
  },
  ProductReleased: {
    about: 'The product answers for another one no more, and has only what it had before.',
    data: closed({
      productId: id('The product that was answered for.'),
      mergerId: merger,
      elements: Type.Array(name('Of an element that is gone.')),
      certifications: Type.Array(id('Of a certification that is gone.')),
      restored: Type.Array(id('Of a certification that is not replaced any more.')),
      listings: Type.Array(closed(qualification), { description: 'As they stand again.' }),
      unlisted: Type.Array(name('An agency whose listing is gone.')),
    }),
    example: {
      productId: other,
      mergerId,
      elements: ['Description'],
      certifications: [certificationId],
      restored: [],
      listings: [],
      unlisted: [],
    },
  },
  ProductSplit: {
    about: 'The product answers for itself again, as before it was merged.',
    data: closed({ from: id('The product that answered for it.'), mergerId: merger }),
    example: { from: one, mergerId },
  },
});
