import type { Decider, Key } from '#kernel/decider.js';

import { checkElementNames, readElements } from '../read-elements.js';
import { recordCertification, supersedeCertification } from './certifications.js';
import type {
  ProductCommands,
  ReconcileListing,
  RegisterProduct,
  Registration,
  SetElements,
  WithdrawElements,
} from './commands.js';
import { sameWriting } from './compare.js';
import {
  type Certification,
  type Elements,
  type ElementValue,
  type IdentityEvent,
  type Listing,
  productCategory,
  type ProductEvent,
  type ProductEventOf,
  productEvents,
  type ProductType,
} from './events.js';
import {
  type AbsorbedProduct,
  changed,
  codeAssigned,
  decideIdentity,
  evolveIdentity,
  isOfIdentity,
  isOnIdentity,
} from './identity.js';
import type { Identity, MergedProduct } from './identity-events.js';
import { resolveListConflict, withDeclined } from './list-decisions.js';
import { declineListedName, type ListedName, withNameDeclined } from './listed-names.js';
import { publishListing, withdrawListing } from './listings.js';
import { isKnownAs } from './names.js';
import { reconcile } from './reconcile.js';
import { productExists, refuseMerged, unknownProduct } from './refusals.js';
import {
  dated,
  type ListWord,
  repeated,
  type Standing,
  standing,
  type StandingCertification,
  withCertification,
  withdrawnByList,
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
  /** Every name that it has or had and did not give up, today's last. */
  readonly identities: readonly Identity[];
  readonly code: string | null;
  /** Every code that it ever had, the newest last. */
  readonly codes: readonly string[];
  readonly elements: Readonly<Record<string, Standing<ElementValue>>>;
  readonly certifications: readonly StandingCertification[];
  /** By agency. */
  readonly listings: Readonly<Record<string, Standing<Listing>>>;
  /** Names in lists that a person said are not its own. */
  readonly declinedNames: readonly ListedName[];
  /** By list. */
  readonly lists: Readonly<Record<string, ListWord>>;
  /** The merger into the product that answers for this one. */
  readonly mergedInto: { readonly productId: string; readonly mergerId: string } | null;
  /** A merger of it was undone. */
  readonly wasSplit: boolean;
  /** The mergers of others into this one, those that were undone too. */
  readonly absorbed: readonly AbsorbedProduct[];
  /** The products that it answers for. */
  readonly answersFor: readonly MergedProduct[];
  /** As it was before the last of them, while nothing else has changed since. */
  readonly beforeMerger: RegisteredProduct | null;
}

export type ProductState = { readonly status: 'absent' } | RegisteredProduct;

const absent: ProductState = { status: 'absent' };

/** Keys that a product holds. Their kinds are stored literals. */
export const productNameKind = 'product';
export const productKey = (manufacturerId: string, modelKey: string): Key => ({
  kind: productNameKind,
  value: `${manufacturerId} ${modelKey}`,
});
export const prodCodeKey = (code: string): Key => ({ kind: 'prodCode', value: code });

const keys = (state: ProductState): readonly Key[] =>
  state.status === 'absent'
    ? []
    : [
        ...state.identities.map(({ manufacturerId, modelKey }) =>
          productKey(manufacturerId, modelKey),
        ),
        ...state.codes.map(prodCodeKey),
      ];

const evolve = (state: ProductState, event: ProductEvent): ProductState => {
  if (event.type === 'ProductRegistered') return registered(event.data);
  if (state.status === 'absent') return state;
  if (isOfIdentity(event)) return evolveIdentity(state, event);
  // Neither that a list says the same again nor what the product is not is a change: a merger can still be undone.
  if (event.type === 'ListRepeated') return repeated(state, event.data);
  if (event.type === 'ListedNameDeclined') return withNameDeclined(state, event.data);
  return changed(dated(evolveFacts(state, event), event.data));
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
  identities: [{ manufacturerId, modelKey }],
  code,
  codes: code === null ? [] : [code],
  elements: {},
  certifications: [],
  listings: {},
  declinedNames: [],
  lists: {},
  mergedInto: null,
  wasSplit: false,
  absorbed: [],
  answersFor: [],
  beforeMerger: null,
});

type NoFact = 'ProductRegistered' | 'ListRepeated' | 'ListedNameDeclined';

const evolveFacts = (
  state: RegisteredProduct,
  event: Exclude<ProductEvent, { type: NoFact } | IdentityEvent>,
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
    case 'ListedValueDeclined':
      return withDeclined(state, event.data);
    case 'CertificationWithdrawnByList':
      return withdrawnByList(state, event.data);
    case 'ListingPublished':
    case 'ListingRevised': {
      const { list, said, asOf: _, ...listing } = event.data;
      const next = withWord(state, list, (word) => ({ ...word, listing: said ?? listing }));
      // Where a list's word is another one, a person's stands in part.
      return withListing(next, listing.agency, listing, said ? undefined : list);
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
  if (isOnIdentity(command)) return decideIdentity(command, state);
  refuseMerged(state);
  switch (command.type) {
    case 'AssignProdCode':
      return codeAssigned(state, command.data.code);
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
    case 'ResolveListConflict':
      return resolveListConflict(command, state);
    case 'DeclineListedName':
      return declineListedName(command, state);
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
    refuseMerged(state);
    if (!isKnownAs(state, lookedUp)) throw unknownProduct();
    return reconcile(command, state);
  }
  const { code, ...key } = lookedUp;
  if (code === undefined) throw unknownProduct();
  const { list, raw } = data;
  const first = registration(data.productType, { ...key, code }, { list, ...(raw && { raw }) });
  const registered = evolve(state, first);
  return registered.status === 'registered' ? [first, ...reconcile(command, registered)] : [];
};

const registration = (
  productType: ProductType,
  { manufacturerId, modelKey, code }: Registration,
  source: Pick<ProductEventOf<'ProductRegistered'>['data'], 'list' | 'raw'>,
): ProductEventOf<'ProductRegistered'> => ({
  type: 'ProductRegistered',
  data: { productType, manufacturerId, model: modelKey, modelKey, code, ...source },
});

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

export const productDecider: Decider<ProductState, ProductCommands, ProductEvent> = {
  category: productCategory,
  events: productEvents,
  initialState: absent,
  decide,
  evolve,
  keys,
};
