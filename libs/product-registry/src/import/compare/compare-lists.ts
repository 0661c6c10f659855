import type { Change } from '#kernel/differences.js';

import { inTurns } from './in-turns.js';
import { factPaths, type ListedRow } from './listed-row.js';
import { type Pair, pairRows } from './pair-rows.js';

/** What became of a product from one list to another, in the order in which it is told. */
export const differenceKinds = [
  'gone',
  'transferred',
  'renamed',
  'edited',
  'relabelled',
  'new',
] as const;
export type DifferenceKind = (typeof differenceKinds)[number];

export type NamedRow = Pick<ListedRow, 'row' | 'manufacturer' | 'model'>;

export interface ListDifference {
  readonly kind: DifferenceKind;
  /** Null where the product is new. */
  readonly before: NamedRow | null;
  /** Null where the product is gone. */
  readonly after: NamedRow | null;
  /** Facts that differ, of a product that both lists name. */
  readonly changes: readonly Change[];
  /** Words that differ and mean the same. */
  readonly labels: readonly Change[];
}

export interface ListComparison {
  /** Products of which both lists say the same in the same words. */
  readonly same: number;
  readonly differences: readonly ListDifference[];
}

/**
 * What became of each product of one list in another. Each row of either is in one difference or in `same`; no
 * list names a product twice. Throws what `signal` is aborted with.
 */
export const compareLists = async (
  before: readonly ListedRow[],
  after: readonly ListedRow[],
  signal?: AbortSignal,
): Promise<ListComparison> => {
  const { pairs, gone, added } = await pairRows(before, after, signal);
  const found = new Map<DifferenceKind, ListDifference[]>(
    differenceKinds.map((kind) => [kind, []]),
  );
  let same = 0;
  for await (const pair of inTurns(pairs)) {
    const difference = differenceOf(pair);
    if (difference) found.get(difference.kind)?.push(difference);
    else same += 1;
  }
  for (const row of gone) found.get('gone')?.push(ofOneList('gone', row));
  for (const row of added) found.get('new')?.push(ofOneList('new', row));
  const differences = [...found.values()].flatMap((ones) => ones.sort(byRow));
  return { same, differences };
};

const differenceOf = ({ kind, before, after }: Pair): ListDifference | undefined => {
  const { changes, labels } = factChanges(before, after);
  const both = { before: named(before), after: named(after), changes, labels };
  if (kind !== 'kept') return { kind, ...both };
  // One key, and another writing: letters in another case.
  if (before.manufacturer !== after.manufacturer || before.model !== after.model) {
    return { kind: 'renamed', ...both };
  }
  if (changes.length > 0) return { kind: 'edited', ...both };
  return labels.length > 0 ? { kind: 'relabelled', ...both } : undefined;
};

/** What only one of the lists speaks of is no change: the other one may lack the column. */
const factChanges = (before: ListedRow, after: ListedRow) => {
  const changes: Change[] = [];
  const labels: Change[] = [];
  for (const [at, path] of factPaths.entries()) {
    const [old, now] = [before.facts[at], after.facts[at]];
    if (!old || !now || old === now) continue;
    if (old.value !== now.value) changes.push({ path, from: old.value, to: now.value });
    else if (old.label !== now.label) labels.push({ path, from: old.label, to: now.label });
  }
  return { changes, labels };
};

const named = ({ row, manufacturer, model }: ListedRow): NamedRow => ({ row, manufacturer, model });

const ofOneList = (kind: 'gone' | 'new', row: ListedRow): ListDifference => ({
  kind,
  before: kind === 'gone' ? named(row) : null,
  after: kind === 'new' ? named(row) : null,
  changes: [],
  labels: [],
});

const byRow = (a: ListDifference, b: ListDifference): number => rowOf(a) - rowOf(b);

const rowOf = ({ before, after }: ListDifference): number => (after ?? before)?.row ?? 0;
