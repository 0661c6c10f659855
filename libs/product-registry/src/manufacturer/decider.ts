import type { Decider, Key } from '#kernel/decider.js';
import { Refusal } from '#kernel/refusal.js';

import { heldNameKeysOf, manufacturerNameKeyOf, manufacturerNameOf } from '../codes.js';
import type {
  AbsorbManufacturer,
  AddManufacturerAlias,
  CodeRule,
  CodeWish,
  IssueEntityCode,
  ManufacturerCommands,
  MergeManufacturer,
  RegisterManufacturer,
} from './commands.js';
import { manufacturerCategory, type ManufacturerEvent, manufacturerEvents } from './events.js';

export interface RegisteredManufacturer {
  readonly status: 'registered';
  readonly name: string;
  readonly aliases: readonly string[];
  readonly code: string | null;
  readonly codeRule: CodeRule | null;
  /** Every code that it ever had, the newest last. */
  readonly codes: readonly string[];
  /** The newest date of a list that said a code in force; null where none was dated. */
  readonly codeAsOf: string | null;
  /** The manufacturer that answers for this one, where it was merged. */
  readonly mergedInto: string | null;
  /** Manufacturers that this one answers for as soon as they say so too: those merged into it. */
  readonly absorbed: readonly string[];
}

export type ManufacturerState = { readonly status: 'absent' } | RegisteredManufacturer;

/** Kinds of the keys that a manufacturer holds. Stored literals. */
export const manufacturerNameKey = (name: string): Key => nameKey(manufacturerNameKeyOf(name));
/** The same for a form of a name, taken as it is. */
export const nameKey = (value: string): Key => ({ kind: 'manufacturerName', value });
export const entityCodeKey = (code: string): Key => ({ kind: 'entityCode', value: code });

const keys = (state: ManufacturerState): readonly Key[] =>
  state.status === 'absent'
    ? []
    : [
        ...[state.name, ...state.aliases].flatMap(heldNameKeysOf).map(nameKey),
        ...state.codes.map(entityCodeKey),
      ];

const evolve = (state: ManufacturerState, event: ManufacturerEvent): ManufacturerState => {
  if (event.type === 'ManufacturerRegistered') {
    return {
      status: 'registered',
      name: event.data.name,
      aliases: [],
      code: null,
      codeRule: null,
      codes: [],
      codeAsOf: null,
      mergedInto: null,
      absorbed: [],
    };
  }
  if (state.status === 'absent') return state;
  switch (event.type) {
    case 'ManufacturerAliasAdded':
      return { ...state, aliases: [...state.aliases, event.data.alias] };
    case 'EntityCodeIssued': {
      const { code, rule, asOf } = event.data;
      const codes = [...state.codes.filter((old) => old !== code), code];
      return { ...dated(state, asOf), code, codeRule: rule, codes };
    }
    case 'EntityCodeListed':
      return dated(state, event.data.asOf);
    case 'ManufacturerMerged':
      return { ...state, mergedInto: event.data.into };
    case 'ManufacturerAbsorbed':
      return {
        ...state,
        absorbed: [...new Set([...state.absorbed, event.data.manufacturerId])],
      };
  }
};

/** ISO 8601 dates of one form order as text. */
const dated = (state: RegisteredManufacturer, asOf = ''): RegisteredManufacturer =>
  asOf > (state.codeAsOf ?? '') ? { ...state, codeAsOf: asOf } : state;

/** The date of the newer list that said the code of the manufacturer, which an older one does not change. */
export const newerCodeListThan = (
  wish: CodeWish,
  { codeAsOf }: RegisteredManufacturer,
): string | undefined => {
  const { asOf } = dateOf(wish);
  return asOf !== undefined && codeAsOf !== null && codeAsOf > asOf ? codeAsOf : undefined;
};

/** Whether a list says the code in force that no list of its date or a later one said. */
export const isListedAnew = (wish: CodeWish, state: RegisteredManufacturer): boolean =>
  wish.rule === 'published' &&
  wish.code === state.code &&
  (wish.asOf ?? '') > (state.codeAsOf ?? '');

const dateOf = (wish: CodeWish): { readonly asOf?: string } =>
  wish.rule === 'published' && wish.asOf !== undefined ? { asOf: wish.asOf } : {};

const decide = (
  command: ManufacturerCommands,
  state: ManufacturerState,
): readonly ManufacturerEvent[] => {
  if (command.type === 'RegisterManufacturer') return register(command, state);
  if (state.status === 'absent') throw unknownManufacturer();
  switch (command.type) {
    case 'AddManufacturerAlias':
      return addAlias(command, state);
    case 'IssueEntityCode':
      return issueCode(command, state);
    case 'AbsorbManufacturer':
      return absorb(command, state);
    case 'MergeManufacturer':
      return merge(command, state);
  }
};

const register = (
  { manufacturerId, data, lookedUp }: RegisterManufacturer,
  state: ManufacturerState,
): readonly ManufacturerEvent[] => {
  if (state.status === 'registered') throw manufacturerExists(manufacturerId);
  const name = manufacturerNameOf(data.name);
  const code = lookedUp?.code ?? null;
  return [
    { type: 'ManufacturerRegistered', data: { name } },
    ...otherNames(data.aliases, [name]).map((alias) => aliasAdded(alias)),
    ...(data.code && code !== null
      ? [
          {
            type: 'EntityCodeIssued',
            data: { code, previous: null, rule: data.code.rule, ...dateOf(data.code) },
          } as const,
        ]
      : []),
  ];
};

const addAlias = (
  { data }: AddManufacturerAlias,
  state: RegisteredManufacturer,
): readonly ManufacturerEvent[] =>
  otherNames([data.alias], [state.name, ...state.aliases]).map((alias) => aliasAdded(alias));

const aliasAdded = (alias: string): ManufacturerEvent => ({
  type: 'ManufacturerAliasAdded',
  data: { alias },
});

/** The names among `names` that are none of `known`, nor of each other, by their normal form. */
const otherNames = (names: readonly string[], known: readonly string[]): readonly string[] => {
  const seen = new Set(known.map(manufacturerNameKeyOf));
  return names.map(manufacturerNameOf).filter((name) => {
    const key = manufacturerNameKeyOf(name);
    return !seen.has(key) && seen.add(key);
  });
};

const issueCode = (
  { data, lookedUp }: IssueEntityCode,
  state: RegisteredManufacturer,
): readonly ManufacturerEvent[] => {
  if (!lookedUp) throw new Error('a code is issued on a claimed key');
  if (state.mergedInto !== null) throw merged(state.mergedInto);
  const { code } = lookedUp;
  const { asOf } = dateOf(data);
  if (code === state.code) {
    const isAnew = asOf !== undefined && isListedAnew(data, state);
    return isAnew ? [{ type: 'EntityCodeListed', data: { code, asOf } }] : [];
  }
  if (newerCodeListThan(data, state) !== undefined) return [];
  const { code: previous } = state;
  return [{ type: 'EntityCodeIssued', data: { code, previous, rule: data.rule, ...dateOf(data) } }];
};

/** Said again where it stands already: it fences mergers of this one that are under way. */
const absorb = (
  { manufacturerId: own, data: { manufacturerId } }: AbsorbManufacturer,
  state: RegisteredManufacturer,
): readonly ManufacturerEvent[] => {
  if (manufacturerId === own) throw mergeCycle();
  if (state.mergedInto !== null) throw merged(state.mergedInto);
  return [{ type: 'ManufacturerAbsorbed', data: { manufacturerId } }];
};

const merge = (
  { manufacturerId, lookedUp }: MergeManufacturer,
  state: RegisteredManufacturer,
): readonly ManufacturerEvent[] => {
  if (!lookedUp) throw new Error('a merger is decided on the manufacturer that was found');
  const { into } = lookedUp;
  if (into === manufacturerId) throw mergeCycle();
  if (state.mergedInto === into) return [];
  if (state.mergedInto !== null) throw merged(state.mergedInto);
  return [{ type: 'ManufacturerMerged', data: { into } }];
};

export const unknownManufacturer = () =>
  new Refusal('MANUFACTURER_UNKNOWN', 'not-found', 'there is no such manufacturer');

export const manufacturerExists = (manufacturerId: string) =>
  new Refusal(
    'MANUFACTURER_EXISTS',
    'conflict',
    'a manufacturer of this name is registered already',
    { manufacturerId },
  );

const merged = (into: string) =>
  new Refusal(
    'MANUFACTURER_MERGED',
    'conflict',
    `this manufacturer was merged into ${into}, which answers for it`,
    { into },
  );

const mergeCycle = () =>
  new Refusal(
    'MANUFACTURER_MERGE_CYCLE',
    'conflict',
    'a manufacturer cannot be merged into itself or into one that it answers for',
  );

export const manufacturerDecider: Decider<
  ManufacturerState,
  ManufacturerCommands,
  ManufacturerEvent
> = {
  category: manufacturerCategory,
  events: manufacturerEvents,
  initialState: { status: 'absent' },
  decide,
  evolve,
  keys,
};
