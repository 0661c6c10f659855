import type { Decider, Key } from '#kernel/decider.js';
import { Refusal } from '#kernel/refusal.js';

import { checkElementNames, readElements } from '../read-elements.js';
import { recordCertification, supersedeCertification } from './certifications.js';
import type {
  AssignProdCode,
  ProductCommands,
  PublishListing,
  ReconcileListing,
  RegisterProduct,
  Registration,
  SetElements,
  WithdrawElements,
  WithdrawListing,
} from './commands.js';
import { sameListing, sameWriting } from './compare.js';
import {
  type Certification,
  type Elements,
  type ElementValue,
  type Listing,
  productCategory,
  type ProductEvent,
  type ProductEventOf,
  productEvents,
  type ProductType,
} from './events.js';
import { reconcile } from './reconcile.js';
import {
  type ListWord,
  type Standing,
  standing,
  type StandingCertification,
  withCertification,
  withListing,
  withWord,
} from './standing.js';
import { supersededWhere } from './superseded-where.js';

export interface RegisteredProduct {
  readonly status: 'registered';
  readonly productType: ProductType;
  readonly model: string;
  /** As at the registration. */
  readonly registration: Registration;
  readonly code: string | null;
  /** Every code that it ever had, the newest last. */
  readonly codes: readonly string[];
  readonly elements: Readonly<Record<string, Standing<ElementValue>>>;
  readonly certifications: readonly StandingCertification[];
  /** By agency. */
  readonly listings: Readonly<Record<string, Standing<Listing>>>;
  /** By list. */
  readonly lists: Readonly<Record<string, ListWord>>;
}

export type ProductState = { readonly status: 'absent' } | RegisteredProduct;

const absent: ProductState = { status: 'absent' };

/** Keys that a product holds. Their kinds are stored literals. */
export const productKey = (manufacturerId: string, modelKey: string): Key => ({
  kind: 'product',
  value: `${manufacturerId} ${modelKey}`,
});
export const prodCodeKey = (code: string): Key => ({ kind: 'prodCode', value: code });

const keys = (state: ProductState): readonly Key[] =>
  state.status === 'absent'
    ? []
    : [
        productKey(state.registration.manufacturerId, state.registration.modelKey),
        ...state.codes.map(prodCodeKey),
      ];

const evolve = (state: ProductState, event: ProductEvent): ProductState => {
  if (event.type === 'ProductRegistered') return registered(event.data);
  return state.status === 'absent' ? state : evolveRegistered(state, event);
};

const registered = ({
  productType,
  model,
  manufacturerId,
  modelKey,
  code,
}: ProductEventOf<'ProductRegistered'>['data']): RegisteredProduct => ({
  status: 'registered',
  productType,
  model,
  registration: { manufacturerId, modelKey, code },
  code,
  codes: code === null ? [] : [code],
  elements: {},
  certifications: [],
  listings: {},
  lists: {},
});

const evolveRegistered = (
  state: RegisteredProduct,
  event: Exclude<ProductEvent, { type: 'ProductRegistered' }>,
): RegisteredProduct => {
  switch (event.type) {
    case 'ProdCodeAssigned': {
      const { code } = event.data;
      return { ...state, code, codes: [...state.codes.filter((old) => old !== code), code] };
    }
    case 'ElementsSet': {
      const { elements, list } = event.data;
      const next = withWord(state, list, (word) => ({
        ...word,
        elements: { ...word.elements, ...elements },
      }));
      return { ...next, elements: { ...next.elements, ...standing(next, elements, list) } };
    }
    case 'ElementsWithdrawn': {
      const { names, list } = event.data;
      const gone = Object.fromEntries(names.map((name) => [name, null]));
      const next = withWord(state, list, (word) => ({
        ...word,
        elements: Object.fromEntries(
          Object.entries(word.elements).filter(([name]) => !names.includes(name)),
        ),
      }));
      return { ...next, elements: { ...next.elements, ...standing(next, gone, list) } };
    }
    case 'CertificationRecorded':
      return withCertification(state, event.data);
    case 'CertificationSuperseded': {
      const { certificationId, by } = event.data;
      const isIt = (one: Certification) => one.certificationId === certificationId;
      return { ...state, certifications: supersededWhere(isIt, by, state.certifications) };
    }
    case 'ListingPublished':
    case 'ListingRevised': {
      const { list, ...listing } = event.data;
      const next = withWord(state, list, (word) => ({ ...word, listing }));
      return withListing(next, listing.agency, listing, list);
    }
    case 'ListingWithdrawn': {
      const { agency, list } = event.data;
      const next = withWord(state, list, (word) => ({ ...word, listing: null }));
      return withListing(next, agency, null, list);
    }
  }
};

const decide = (command: ProductCommands, state: ProductState): readonly ProductEvent[] => {
  if (command.type === 'RegisterProduct') return register(command, state);
  if (command.type === 'ReconcileListing') return reconcileOrRegister(command, state);
  if (state.status === 'absent') throw unknownProduct();
  switch (command.type) {
    case 'AssignProdCode':
      return assignCode(command, state);
    case 'SetElements':
      return setElements(command, state);
    case 'WithdrawElements':
      return withdrawElements(command, state);
    case 'RecordCertification':
      return recordCertification(command, state);
    case 'SupersedeCertification':
      return supersedeCertification(command, state);
    case 'PublishListing':
      return publishListing(command, state);
    case 'WithdrawListing':
      return withdrawListing(command, state);
  }
};

const register = (
  { productId, data, lookedUp }: RegisterProduct,
  state: ProductState,
): readonly ProductEvent[] => {
  if (state.status === 'registered') throw productExists(productId);
  if (!lookedUp) throw new Error('a registration is decided on looked-up keys');
  const raw = data.model === lookedUp.modelKey ? {} : { raw: { model: data.model } };
  return [
    registration(data.productType, lookedUp, raw),
    ...elementsSet(readElements(data.productType, data.elements)),
  ];
};

/** The row's facts, and before them the registration where the product is new. */
const reconcileOrRegister = (
  command: ReconcileListing,
  state: ProductState,
): readonly ProductEvent[] => {
  const { data, lookedUp } = command;
  if (state.status === 'registered') {
    if (!isOf(state, lookedUp)) throw unknownProduct();
    return reconcile(command, state);
  }
  const { code, ...key } = lookedUp;
  if (code === undefined) throw unknownProduct();
  const { list, raw } = data;
  const first = registration(data.productType, { ...key, code }, { list, ...(raw && { raw }) });
  const registered = evolve(state, first);
  return registered.status === 'registered' ? [first, ...reconcile(command, registered)] : [];
};

/** An id whose claim on a key was never used may have become another product since. */
const isOf = (
  { registration: { manufacturerId, modelKey } }: RegisteredProduct,
  lookedUp: ReconcileListing['lookedUp'],
): boolean => manufacturerId === lookedUp.manufacturerId && modelKey === lookedUp.modelKey;

const registration = (
  productType: ProductType,
  { manufacturerId, modelKey, code }: Registration,
  source: Pick<ProductEventOf<'ProductRegistered'>['data'], 'list' | 'raw'>,
): ProductEventOf<'ProductRegistered'> => ({
  type: 'ProductRegistered',
  data: { productType, manufacturerId, model: modelKey, modelKey, code, ...source },
});

const assignCode = (
  { data: { code } }: AssignProdCode,
  state: RegisteredProduct,
): readonly ProductEvent[] =>
  code === state.code ? [] : [{ type: 'ProdCodeAssigned', data: { code, previous: state.code } }];

/** Only what differs from what stands; a value that a list has set already needs no person's word. */
const setElements = ({ data }: SetElements, state: RegisteredProduct): readonly ProductEvent[] => {
  const changed = Object.entries(readElements(state.productType, data.elements)).filter(
    ([name, value]) => {
      const standing = state.elements[name]?.value;
      return !standing || !sameWriting(standing, value);
    },
  );
  return elementsSet(Object.fromEntries(changed));
};

const elementsSet = (elements: Elements): readonly ProductEvent[] =>
  Object.keys(elements).length > 0 ? [{ type: 'ElementsSet', data: { elements } }] : [];

const withdrawElements = (
  { data }: WithdrawElements,
  state: RegisteredProduct,
): readonly ProductEvent[] => {
  checkElementNames(state.productType, data.names);
  const names = [...new Set(data.names)].filter((name) => state.elements[name]?.value);
  return names.length > 0 ? [{ type: 'ElementsWithdrawn', data: { names } }] : [];
};

const publishListing = (
  { data }: PublishListing,
  state: RegisteredProduct,
): readonly ProductEvent[] => {
  const standing = state.listings[data.agency]?.value ?? null;
  if (sameListing(standing, data)) return [];
  return [{ type: standing ? 'ListingRevised' : 'ListingPublished', data }];
};

const withdrawListing = (
  { data: { agency } }: WithdrawListing,
  state: RegisteredProduct,
): readonly ProductEvent[] => {
  const standing = state.listings[agency];
  if (!standing) throw notListed(agency);
  return standing.value ? [{ type: 'ListingWithdrawn', data: { agency } }] : [];
};

export const unknownProduct = () =>
  new Refusal('PRODUCT_UNKNOWN', 'not-found', 'there is no such product');

export const productExists = (productId: string) =>
  new Refusal('PRODUCT_EXISTS', 'conflict', 'this manufacturer’s model is registered already', {
    productId,
  });

const notListed = (agency: string) =>
  new Refusal('LISTING_UNKNOWN', 'not-found', `${agency} does not list this product`);

export const productDecider: Decider<ProductState, ProductCommands, ProductEvent> = {
  category: productCategory,
  events: productEvents,
  initialState: absent,
  decide,
  evolve,
  keys,
};
