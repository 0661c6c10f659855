import { Type } from 'typebox';

import { type EventOf, eventTypes } from '#kernel/event-types.js';
import { closed, date, id, name, orNull, text, texts } from '#kernel/schema.js';

import { fromList as fromAnyList, prodCode } from '../schemas.js';
import { elementsByName } from './element-schema.js';
import { certification, listing } from './fact-schemas.js';
import { identityEvents } from './identity-events.js';

// The names below are the storage format, and public: the AsyncAPI document is made of them.

export const productCategory = 'product';
export const productStream = (id: string): string => `${productCategory}-${id}`;

/** Product types of the Orange Button taxonomy that the registry takes. */
export const productTypes = ['ProdBattery'] as const;
export type ProductType = (typeof productTypes)[number];

export type { EfficiencyRating, Elements, ElementValue } from './element-schema.js';
export type { Certification, Listing } from './fact-schemas.js';

/** The list that says so, and its own date where it is known. */
const asOf = { asOf: Type.Optional(date('The list’s own date.')) };
const fromList = { ...fromAnyList, ...asOf };

const list = 'cec-batteries';
const certificationId = '0d4b3a4e-5a0c-5f5b-8a5c-000000000003';
const listed = {
  agency: 'CEC',
  listingDate: '2025-02-11',
  lastUpdate: '2026-02-02',
  notes: null,
  remarks: { 'Declaration for JA12 Submitted': 'N' },
};

/** Of a list: its last word as far as it was taken, where a person's differs in some field and stands. */
const said = { said: Type.Optional(closed(listing)) };

export const productEvents = eventTypes({
  ProductRegistered: {
    about: 'A product is known. The first fact of its stream.',
    data: closed({
      productType: Type.Literal('ProdBattery', {
        description: 'As in the Orange Button taxonomy. More types will follow under this name.',
      }),
      manufacturerId: id('Its manufacturer: the stream `manufacturer-<id>`.'),
      model: name('In its normal form, as it is shown.'),
      modelKey: name('The form under which manufacturer and model are unique.'),
      code: orNull(prodCode('Its ProdCode, where its manufacturer has an EntityCode.')),
      raw: Type.Optional(
        texts('What the source wrote for manufacturer and model, where it differs.'),
      ),
      ...fromAnyList,
    }),
    example: {
      productType: 'ProdBattery',
      manufacturerId: '0d4b3a4e-5a0c-5f5b-8a5c-000000000002',
      model: 'APbattery-51.2V/10.24kWh-U(N=1)',
      modelKey: 'APbattery-51.2V/10.24kWh-U(N=1)',
      code: 'APSYS-APBATTERY_51_2V_10_24KWH_U_N_1_',
      list,
    },
  },
  ProdCodeAssigned: {
    about: 'The product has another ProdCode. Earlier ones keep leading to it.',
    data: closed({
      code: prodCode('The code in force.'),
      previous: orNull(prodCode('The code until now.')),
    }),
    example: {
      code: 'ALTEN-APBATTERY_51_2V_10_24KWH_U_N_1_',
      previous: 'APSYS-APBATTERY_51_2V_10_24KWH_U_N_1_',
    },
  },
  ElementsSet: {
    about: 'Elements of the product have these values now; others stay as they are.',
    data: closed({ elements: elementsByName, ...fromList }),
    example: {
      elements: {
        EnergyCapacityNominal: { state: 'submitted', value: '10.24', unit: 'kWh', decimals: 2 },
        EfficiencyBatteryRoundTrip: {
          state: 'submitted',
          value: [{ percent: '98', inverter: 'Sol-Ark 5K' }],
          unit: 'percent',
          raw: '98 [Sol-Ark 5K]',
        },
        PowerDCContinuousMax: {
          state: 'notSubmitted',
          value: null,
          raw: 'No Information Submitted',
        },
      },
      list,
    },
  },
  ElementsWithdrawn: {
    about: 'Elements of the product say nothing any more.',
    data: closed({ names: Type.Array(name('Of an element.'), { minItems: 1 }), ...fromList }),
    example: { names: ['PowerDCContinuousMax'] },
  },
  CertificationRecorded: {
    about:
      'The product is certified. With an id that is known already: a list now says what stands on record, or the edition of it is stated that was not.',
    data: closed({ ...certification, ...fromList }),
    example: {
      certificationId,
      agency: 'CSA Group',
      standard: 'UL1973',
      edition: 'Ed. 3 : 2022',
      certificateDate: '2025-12-29',
      raw: { edition: 'Ed 3: 2022' },
      list,
    },
  },
  CertificationSuperseded: {
    about: 'A certification of the product is replaced by a newer one.',
    data: closed({
      certificationId: id('The certification that is replaced.'),
      by: id('The certification that replaces it.'),
      ...fromList,
    }),
    example: { certificationId, by: '0d4b3a4e-5a0c-5f5b-8a5c-000000000004' },
  },
  CertificationWithdrawnByList: {
    about:
      'A list that named the certification no longer does. The certification stays on record, and is marked until the list names it again.',
    data: closed({
      certificationId: id('The certification that is no longer named.'),
      list: name('The list, such as `cec-batteries`.'),
      ...asOf,
    }),
    example: { certificationId, list },
  },
  ListedValueDeclined: {
    about:
      'A person keeps what stands against what a list says. What the list says is noted as its last word, and changes nothing.',
    data: closed({
      list: name('The list, such as `cec-batteries`.'),
      elements: Type.Optional(elementsByName),
      withdrawn: Type.Optional(Type.Array(name('Of an element of which the list says nothing.'))),
      certification: Type.Optional(closed(certification)),
      listing: Type.Optional(closed(listing)),
    }),
    example: {
      list,
      elements: {
        EnergyCapacityNominal: { state: 'submitted', value: '5.2', unit: 'kWh', decimals: 1 },
      },
    },
  },
  ListedNameDeclined: {
    about:
      'A person says that what a list calls by this name is not this product, although it looks like it.',
    data: closed({
      list: name('The list, such as `cec-batteries`.'),
      manufacturer: text('As the list names it.'),
      model: text('As the list names it.'),
    }),
    example: { list, manufacturer: 'Altenergy Power System, Inc.', model: 'APbattery-48V' },
  },
  ListRepeated: {
    about:
      'A newer list says nothing else of the product than its last word. Lists that are older than it change nothing from now on.',
    data: closed({
      list: name('The list, such as `cec-batteries`.'),
      asOf: date('The list’s own date.'),
    }),
    example: { list, asOf: '2026-02-11' },
  },
  ListingPublished: {
    about: 'A regulator lists the product.',
    data: closed({ ...listing, ...said, ...fromList }),
    example: { ...listed, list },
  },
  ListingRevised: {
    about: 'The listing has another date, note or remark. All of it as it is now.',
    data: closed({ ...listing, ...said, ...fromList }),
    example: { ...listed, notes: 'Formerly Stored Energy Inc' },
  },
  ListingWithdrawn: {
    about: 'The regulator lists the product no more.',
    data: closed({ agency: name('The agency that listed the product.'), ...fromList }),
    example: { agency: 'CEC' },
  },
  ...identityEvents,
});

export type ProductEvent = EventOf<typeof productEvents>;
/** Those that are about names, and products that are one. */
export type IdentityEvent = EventOf<typeof identityEvents>;
/** The events of one type. */
export type ProductEventOf<T extends ProductEvent['type']> = Extract<ProductEvent, { type: T }>;
