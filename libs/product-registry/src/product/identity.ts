import type {
  AbsorbProduct,
  IdentityCommands,
  MergeProduct,
  ProductCommands,
  ReleaseProduct,
  RenameModel,
  SplitProduct,
  TransferProduct,
} from './commands.js';
import type { RegisteredProduct } from './decider.js';
import type { IdentityEvent, ProductEvent, ProductEventOf } from './events.js';
import { type Identity, identityEvents } from './identity-events.js';
import { identityOf, isSameName } from './names.js';
import {
  changedSinceMerger,
  mergeCycle,
  notMerged,
  otherType,
  productMerged,
  refuseMerged,
} from './refusals.js';
import { parted, unite, united } from './unite.js';

/** A merger of another product into this one. */
export interface AbsorbedProduct {
  readonly productId: string;
  readonly mergerId: string;
  /** Every name under which it and those that it answered for are found. */
  readonly identities: readonly Identity[];
  /** It was undone. */
  readonly released: boolean;
}

export const isOfIdentity = (event: ProductEvent): event is IdentityEvent =>
  Object.hasOwn(identityEvents, event.type);

/** A merger before this change cannot be undone any more. */
export const changed = (state: RegisteredProduct): RegisteredProduct =>
  state.beforeMerger === null ? state : { ...state, beforeMerger: null };

export const evolveIdentity = (
  state: RegisteredProduct,
  event: IdentityEvent,
): RegisteredProduct => {
  switch (event.type) {
    case 'ProductTransferred': {
      const { manufacturerId, released } = event.data;
      return changed(named(state, { manufacturerId }, released));
    }
    case 'ModelRenamed': {
      const { model, released } = event.data;
      return changed({ ...named(state, { modelKey: model }, released), model });
    }
    case 'MergerPrepared':
      return state;
    case 'ProductMerged': {
      const { into, mergerId } = event.data;
      return { ...state, mergedInto: { productId: into, mergerId } };
    }
    case 'ProductAbsorbed': {
      const { productId, mergerId, identities } = event.data;
      const one = { productId, mergerId, identities, released: false };
      const absorbed = [...state.absorbed, one];
      return { ...united(state, event.data), absorbed, beforeMerger: state };
    }
    case 'ProductReleased': {
      const absorbed = state.absorbed.map((one) =>
        one.mergerId === event.data.mergerId ? { ...one, released: true } : one,
      );
      return { ...(state.beforeMerger ?? state), absorbed };
    }
    case 'ProductSplit':
      return { ...state, mergedInto: null, wasSplit: true };
  }
};

const named = (
  state: RegisteredProduct,
  change: Partial<Identity>,
  released: true | undefined,
): RegisteredProduct => {
  const former = identityOf(state);
  const name = { ...former, ...change };
  const kept = state.identities.filter(
    (one) => !isSameName(one, name) && !(released && isSameName(one, former)),
  );
  return { ...state, identities: [...kept, name] };
};

const identityCommands: ReadonlySet<string> = new Set<IdentityCommands['type']>([
  'TransferProduct',
  'RenameModel',
  'PrepareMerger',
  'MergeProduct',
  'AbsorbProduct',
  'ReleaseProduct',
  'SplitProduct',
]);

export const isOnIdentity = (command: ProductCommands): command is IdentityCommands =>
  identityCommands.has(command.type);

export const decideIdentity = (
  command: IdentityCommands,
  state: RegisteredProduct,
): readonly ProductEvent[] => {
  if (command.type === 'MergeProduct') return merge(command, state);
  if (command.type === 'SplitProduct') return split(command, state);
  if (command.type === 'AbsorbProduct') return absorb(command, state);
  refuseMerged(state);
  switch (command.type) {
    case 'TransferProduct':
      return transfer(command, state);
    case 'RenameModel':
      return rename(command, state);
    case 'PrepareMerger': {
      // Said again at each attempt: it fences mergers of this one that are under way.
      if (command.data.productId === command.productId) throw mergeCycle();
      return [{ type: 'MergerPrepared', data: command.data }];
    }
    case 'ReleaseProduct':
      return release(command, state);
  }
};

const transfer = (
  { data: { from, release: isError }, lookedUp }: TransferProduct,
  state: RegisteredProduct,
): readonly ProductEvent[] => {
  if (!lookedUp) throw new Error('a transfer is decided on claimed keys');
  const { manufacturerId, code } = lookedUp;
  const previous = identityOf(state).manufacturerId;
  if (manufacturerId === previous) return [];
  const released = isError && { released: isError };
  return [
    { type: 'ProductTransferred', data: { manufacturerId, previous, from, ...released } },
    ...codeAssigned(state, code),
  ];
};

const rename = (
  { data: { model: written, release: isError }, lookedUp }: RenameModel,
  state: RegisteredProduct,
): readonly ProductEvent[] => {
  if (!lookedUp) throw new Error('a new name is decided on claimed keys');
  const { modelKey: model, code } = lookedUp;
  const previous = identityOf(state).modelKey;
  if (model === previous) return [];
  const raw = written === model ? undefined : { raw: { model: written } };
  const released = isError && { released: isError };
  return [
    { type: 'ModelRenamed', data: { model, previous, ...raw, ...released } },
    ...codeAssigned(state, code),
  ];
};

export const codeAssigned = (
  { code: previous }: RegisteredProduct,
  code: string | null,
): readonly ProductEventOf<'ProdCodeAssigned'>[] =>
  code === null || code === previous
    ? []
    : [{ type: 'ProdCodeAssigned', data: { code, previous } }];

const merge = (
  { productId, lookedUp }: MergeProduct,
  { productType, mergedInto }: RegisteredProduct,
): readonly ProductEvent[] => {
  if (!lookedUp) throw new Error('a merger is decided on the product that was found');
  const { into, mergerId } = lookedUp;
  if (into === productId) throw mergeCycle();
  if (mergedInto?.productId === into) return [];
  if (mergedInto) throw productMerged(mergedInto.productId);
  refuseOtherType(productType, lookedUp.productType);
  return [{ type: 'ProductMerged', data: { into, mergerId } }];
};

/** Compared as texts: there is one product type today. */
const refuseOtherType = (own: string, other: string): void => {
  if (own !== other) throw otherType(own, other);
};

/** Nothing where it was done before, also where it was undone since. */
const absorb = (
  { data: { productId, mergerId }, merged }: AbsorbProduct,
  state: RegisteredProduct,
): readonly ProductEvent[] => {
  if (state.absorbed.some((one) => one.mergerId === mergerId)) return [];
  refuseMerged(state);
  return [{ type: 'ProductAbsorbed', data: unite(state, merged, { productId, mergerId }) }];
};

const release = (
  { productId: own, data: { productId, mergerId } }: ReleaseProduct,
  state: RegisteredProduct,
): readonly ProductEvent[] => {
  const known = state.absorbed.find((one) => one.mergerId === mergerId);
  if (!known) throw notMerged();
  if (known.released) return [];
  const last = state.absorbed.findLast((one) => !one.released);
  if (!state.beforeMerger || last !== known) throw changedSinceMerger(own);
  const data = { productId, mergerId, ...parted(state, state.beforeMerger) };
  return [{ type: 'ProductReleased', data }];
};

const split = (
  { lookedUp }: SplitProduct,
  { mergedInto, wasSplit }: RegisteredProduct,
): readonly ProductEvent[] => {
  if (!mergedInto) {
    if (wasSplit) return [];
    throw notMerged();
  }
  const { productId: from, mergerId } = mergedInto;
  // Of an earlier merger than the one that stands.
  if (lookedUp?.mergerId !== mergerId) return [];
  return [{ type: 'ProductSplit', data: { from, mergerId } }];
};
