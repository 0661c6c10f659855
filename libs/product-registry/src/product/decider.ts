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
  SetElements,
  WithdrawElements,
  WithdrawListing,
} from './commands.js';
import { sameListing, sameWriting } from './compare.js';
import {
  productCategory,
  type Elements,
  type ProductEvent,
  type ProductRegistered,
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

const register = (command: RegisterProduct, state: ProductState): readonly ProductEvent[] => {
  if (state.status === 'registered') throw productExists(command.productId);
  const { productType } = command.data;
  return [registration(command), ...elementsSet(readElements(productType, command.data.elements))];
};

/** The row's facts, and before them the registration where the product is new. */
const reconcileOrRegister = (
  command: ReconcileListing,
  state: ProductState,
): readonly ProductEvent[] => {
  if (state.status === 'registered') return reconcile(command, state);
  const first = registration(command, command.data.list);
  const registered = evolveProduct(state, first);
  return registered.status === 'registered' ? [first, ...reconcile(command, registered)] : [];
};

const registration = (
  { data: { productType, model }, lookedUp }: RegisterProduct | ReconcileListing,
  list?: string,
): ProductRegistered => {
  if (!lookedUp) throw new Error('a registration is decided on looked-up keys');
  return {
    type: 'ProductRegistered',
    data: { productType, model, ...lookedUp, ...(list !== undefined && { list }) },
  };
};

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
  events: {
    ProductRegistered: true,
    ProdCodeAssigned: true,
    ElementsSet: true,
    ElementsWithdrawn: true,
    CertificationRecorded: true,
    CertificationSuperseded: true,
    ListingPublished: true,
    ListingRevised: true,
    ListingWithdrawn: true,
  },
  initialState: absent,
  decide,
  evolve: evolveProduct,
  keys: productKeys,
};
