import { handleCommand } from '#event-log/handle-command.js';
import { type CommandMeta, stepOf } from '#kernel/command.js';

import { ResolveListConflict } from '../../product/commands.js';
import { delistAbsent } from '../../product/delist-absent.js';
import type { ProductRegistry } from '../../registry.js';
import type { ReviewRequest } from '../commands.js';
import { acceptProposal, declineProposal } from '../decide-proposal.js';
import { cecBatteriesAgency } from '../layouts/cec-batteries.js';
import type { ReceivedImport } from '../state.js';
import { type OpenAbsence, type OpenItem, type OpenRow } from './open-items.js';
import { undecidable } from './refusals.js';

/** What the decisions on the items of one import have in common. */
export interface ReviewContext {
  readonly registry: ProductRegistry;
  readonly state: ReceivedImport;
  /** The products that its rows are about, with those of rows that were accepted before. */
  readonly named: Set<string>;
  readonly decision: ReviewRequest['decision'];
  /** Of the command that decides them all. */
  readonly meta: CommandMeta;
}

/**
 * Does what follows from the decision on one item. Its commands follow from the command that decides them
 * all and the item, so that a repetition changes nothing more.
 *
 * Throws `REVIEW_UNDECIDABLE` where nothing can be decided here, `LIST_CONFLICT_DECIDED`, `LIST_CONFLICT_OUTDATED`, and what `acceptProposal`,
 * `declineProposal`, `delistAbsent` and `handleCommand` throw.
 */
export const carryOutItem = async (context: ReviewContext, item: OpenItem): Promise<void> => {
  await decideItem(context, item);
  const accepted = item.kind !== 'gone' && context.decision === 'accept';
  if (accepted && item.outcome.productId) context.named.add(item.outcome.productId);
};

const decideItem = (context: ReviewContext, item: OpenItem): Promise<unknown> => {
  switch (item.kind) {
    case 'gone':
      return decideAbsence(context, item);
    case 'rename':
    case 'transfer':
      return decideProposal(context, item);
    case 'conflict':
      return decideConflicts(context, item);
    case 'other':
      // There is nothing to take; that it is left as it is is only noted.
      if (context.decision === 'reject') return Promise.resolve();
      throw undecidable(item.row);
  }
};

const decideProposal = async (
  { registry, state, decision, meta }: ReviewContext,
  { row, outcome }: OpenRow,
): Promise<unknown> => {
  const { productId, about, proposal } = outcome;
  if (productId === undefined || !about || !proposal) throw undecidable(row);
  const list = listOf(state);
  const step = rowStep(state, row, meta);
  if (decision === 'reject') {
    return declineProposal(registry, { productId, about, list }, step);
  }
  const { asOf, issueCodes } = state;
  return acceptProposal(registry, { productId, about, proposal, list, asOf, issueCodes }, step);
};

/** One command for each value. A value that is refused leaves the row open; the others stay decided. */
const decideConflicts = async (
  { registry, state, decision, meta }: ReviewContext,
  { row, outcome: { productId, conflicts = [] } }: OpenRow,
): Promise<void> => {
  if (productId === undefined) throw undecidable(row);
  const { log, products } = registry;
  const step = rowStep(state, row, meta);
  const { asOf } = state;
  const word = { list: listOf(state), onlyOpen: true, ...(asOf !== null && { asOf }) };
  for (const { path, listed } of conflicts) {
    const data = {
      ...{ ...word, path, value: listed },
      decision: decision === 'accept' ? ('take' as const) : ('keep' as const),
    };
    const command = new ResolveListConflict(productId, data, stepOf(step, path));
    await handleCommand(log, products, productId, command);
  }
};

/** That a product is not gone is only noted: its listing stands. */
const decideAbsence = async (
  { registry, state, named, decision, meta }: ReviewContext,
  { absence: { productId } }: OpenAbsence,
): Promise<void> => {
  if (decision === 'reject') return;
  const { sha256, file } = state.received;
  const evidence = { sha256, ...(file !== null && { file }) };
  // There are no other lists of products.
  const absent = {
    productId,
    agency: cecBatteriesAgency,
    list: listOf(state),
    asOf: state.asOf,
    named,
  };
  await delistAbsent(registry, absent, { ...stepOf(meta, 'absent', productId), evidence });
};

const listOf = ({ read }: ReceivedImport): string => {
  if (!read) throw new Error('a row of an import was done, and its file was never read');
  return read.layout;
};

/** With the row as evidence. */
const rowStep = (
  { received: { sha256, file } }: ReceivedImport,
  row: number,
  meta: CommandMeta,
): CommandMeta => ({
  ...stepOf(meta, 'row', String(row)),
  evidence: { sha256, ...(file !== null && { file }), row },
});
