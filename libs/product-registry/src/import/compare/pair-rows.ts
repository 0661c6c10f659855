import { manufacturerNameKeyOf, modelKeyOf } from '../../codes.js';
import { lookAlikeKeyOf } from '../../look-alike.js';
import { makerGroupOf } from '../../manufacturer/maker-group.js';
import { inTurns } from './in-turns.js';
import {
  capacityOfProduct,
  certificateOfProduct,
  type ListedRow,
  valuesOfProduct,
} from './listed-row.js';

/** How two rows of two lists came to be one product. */
export type PairKind = 'kept' | 'renamed' | 'transferred';

/** Rows of two lists with the same key are one product. A row without a key takes no part. */
interface Pass {
  readonly kind: PairKind;
  readonly keyOf: (row: ListedRow) => string | undefined;
}

export interface Pair {
  readonly kind: PairKind;
  readonly before: ListedRow;
  readonly after: ListedRow;
}

export interface PairedRows {
  readonly pairs: readonly Pair[];
  /** Rows of the earlier list that the later one does not have. */
  readonly gone: readonly ListedRow[];
  /** Rows of the later list that the earlier one does not have. */
  readonly added: readonly ListedRow[];
}

/**
 * Pairs the rows of two lists that are about one product, each row once at most.
 *
 * A model under a name that looks like the former one was renamed, and so was one that is only respelled and
 * has equal values. A model under another manufacturer was transferred where its values are equal: two
 * manufacturers may each have a `B-100`. Those that agree in more pair first. The time that it takes grows
 * with the rows and not with their pairs. Throws what `signal` is aborted with.
 */
export const pairRows = async (
  before: readonly ListedRow[],
  after: readonly ListedRow[],
  signal?: AbortSignal,
): Promise<PairedRows> => {
  let [gone, added] = [before, after];
  const pairs: Pair[] = [];
  for (const { kind, keyOf } of passes) {
    signal?.throwIfAborted();
    const waiting = await byKey(gone, keyOf);
    const paired = new Set<ListedRow>();
    const left: ListedRow[] = [];
    for await (const now of inTurns(added)) {
      const key = keyOf(now);
      const old = key === undefined ? undefined : waiting.get(key)?.pop();
      if (old) {
        paired.add(old);
        pairs.push({ kind, before: old, after: now });
      } else left.push(now);
    }
    gone = gone.filter((row) => !paired.has(row));
    added = left;
  }
  return { pairs, gone, added };
};

/** The rows of each key, the first one last. */
const byKey = async (
  rows: readonly ListedRow[],
  keyOf: Pass['keyOf'],
): Promise<ReadonlyMap<string, ListedRow[]>> => {
  const found = new Map<string, ListedRow[]>();
  for await (const row of inTurns(rows.toReversed())) {
    const key = keyOf(row);
    if (key === undefined) continue;
    const others = found.get(key);
    if (others) others.push(row);
    else found.set(key, [row]);
  }
  return found;
};

const keyed = (...parts: readonly (string | undefined)[]): string | undefined =>
  parts.includes(undefined) ? undefined : parts.join('\n');

const similarName = ({ manufacturer }: ListedRow): string => makerGroupOf(manufacturer);

const textsAt = ({ facts }: ListedRow, places: readonly number[]): string =>
  places.map((place) => facts[place]?.value ?? '').join('\t');

/** Without a capacity, equal values would say too little. */
const values = (row: ListedRow): string | undefined =>
  (row.facts[capacityOfProduct]?.value ?? null) === null
    ? undefined
    : textsAt(row, valuesOfProduct);

const everything = (row: ListedRow): string => textsAt(row, [...row.facts.keys()]);

const model = (row: ListedRow): string => modelKeyOf(row.model);

const passes: readonly Pass[] = [
  {
    kind: 'kept',
    keyOf: (row) => keyed(manufacturerNameKeyOf(row.manufacturer), model(row)),
  },
  { kind: 'renamed', keyOf: (row) => keyed(similarName(row), model(row), everything(row)) },
  { kind: 'renamed', keyOf: (row) => keyed(similarName(row), model(row)) },
  {
    kind: 'renamed',
    keyOf: (row) => keyed(similarName(row), lookAlikeKeyOf(row.model), values(row)),
  },
  { kind: 'transferred', keyOf: (row) => keyed(model(row), values(row), everything(row)) },
  {
    kind: 'transferred',
    keyOf: (row) => keyed(model(row), values(row), textsAt(row, certificateOfProduct)),
  },
  { kind: 'transferred', keyOf: (row) => keyed(model(row), values(row)) },
];
