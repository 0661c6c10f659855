import type { Decider } from '#kernel/decider.js';
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
  type Elements,
  productCategory,
  type ProductEvent,
  type ProductEventOf,
  productEvents,
  type ProductType,
} from './events.js';
import { reconcile } from './reconcile.js';
import {
  absent,
  evolveProduct,
  productKeys,
  type ProductState,
  type RegisteredProduct,
} from './state.js';

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
  const registered = evolveProduct(state, first);
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
  evolve: evolveProduct,
  keys: productKeys,
};
