import type { CsvRow } from '#csv/csv-file.js';

import type { ProductState } from '../../product/decider.js';
import type { ListConflict } from '../../product/list-conflict.js';
import { isSaidByPerson, newerListThan, openConflicts } from '../../product/reconcile.js';
import type { ReconciledListing } from '../../product/reconcile-listing.js';
import type { RowOutcome, RowProblem } from '../events.js';
import { type BatteryColumn, cecBatteries } from '../layouts/cec-batteries.js';
import { cellAt } from '../layouts/fact-layout.js';
import { cellProblem, problem } from '../normalise/cell.js';
import type { UsableRow } from '../normalise/normalised-row.js';
import type { ListedManufacturer } from './listed-manufacturers.js';
import { conflictProblems } from './refused-row.js';

type Row = CsvRow<BatteryColumn>;

/** What became of a row that was taken in. */
export const outcomeOf = (
  row: Row,
  usable: UsableRow,
  { productId, outcome, isNew, result }: ReconciledListing,
  despite: ListedManufacturer['despite'],
): RowOutcome => {
  const state = result.state as ProductState;
  const older = olderList(usable, state);
  if (older) return { row: row.row, outcome: 'unchanged', productId, problems: [older] };
  const waiting = conflictsOf(usable, result);
  const cellOf = (pointer: string) => cellAt(cecBatteries, row, pointer);
  const problems = [
    ...problemsOf(usable),
    ...withdrawals(result).map(() => {
      const { column, raw } = cellOf('/certifications/UL1973');
      return problem(column, 'the list no longer names a certification that it named', raw);
    }),
    ...conflictProblems(waiting, cellOf),
    ...(despite?.row === row.row
      ? [cellProblem(cecBatteries, row, 'manufacturer', likeAnother(despite.similar))]
      : []),
  ];
  const isUnchanged = outcome === 'unchanged' || isRepeatedOnly(result);
  let needsReview = waiting.length > 0 || isOpen(usable, state);
  if (state.status === 'registered' && state.code === null) {
    needsReview = true;
    const reason = 'has no EntityCode, so that the product has no code';
    problems.push(cellProblem(cecBatteries, row, 'manufacturer', reason));
  }
  const become = needsReview ? 'needsReview' : isUnchanged ? 'unchanged' : 'accepted';
  return {
    row: row.row,
    outcome: become,
    productId,
    ...(become === 'accepted' && { isNew }),
    ...(waiting.length > 0 && { conflicts: waiting.map(({ path, listed }) => ({ path, listed })) }),
    ...(problems.length > 0 && { problems }),
  };
};

const likeAnother = ({ name, code }: { readonly name: string; readonly code: string | null }) =>
  `manufacturer looks like "${name}"${code === null ? '' : ` (${code})`}, and was registered as another one`;

/** Why the row of an older list changes nothing. */
const olderList = ({ facts }: UsableRow, state: ProductState): RowProblem | undefined => {
  const newer = state.status === 'absent' ? undefined : newerListThan(facts, state);
  if (newer === undefined) return undefined;
  const reason = `changes nothing: the list of ${newer} named the product, and this one is of ${String(facts.asOf)}`;
  return problem('', reason, '');
};

/** That a newer list says the same again changes nothing of a product. */
const isRepeatedOnly = ({ events }: ReconciledListing['result']): boolean =>
  events.length > 0 && events.every(({ type }) => type === 'ListRepeated');

const withdrawals = ({ events }: ReconciledListing['result']) =>
  events.filter(({ type }) => type === 'CertificationWithdrawnByList');

/** What was left of the row when the rest was taken. What a list registers meets nobody's word. */
const conflictsOf = (
  { facts }: UsableRow,
  { events, state }: ReconciledListing['result'],
): readonly ListConflict[] => {
  const now = state as ProductState;
  if (now.status === 'absent' || events[0]?.type === 'ProductRegistered') return [];
  return openConflicts(facts, now);
};

export const problemsOf = ({ problems, warnings = [], damage }: UsableRow): RowProblem[] => [
  ...(damage?.problems ?? []),
  ...problems,
  ...warnings,
];

/** What nobody could read needs no review any more once a person has said what it means. */
const isOpen = ({ unread }: UsableRow, state: ProductState): boolean =>
  unread.some((pointer) => state.status === 'absent' || !isSaidByPerson(state, pointer));
