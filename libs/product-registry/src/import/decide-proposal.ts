import type { Position } from '#event-log/event-log.js';
import { type CommandResult, concurrentChange, handleCommand } from '#event-log/handle-command.js';
import { retryForfeited } from '#event-log/key/retry-forfeited.js';
import { type CommandMeta, stepOf } from '#kernel/command.js';
import { Refusal } from '#kernel/refusal.js';

import { modelKeyOf } from '../codes.js';
import { addManufacturerAlias } from '../manufacturer/change-manufacturer.js';
import { AddManufacturerAlias } from '../manufacturer/commands.js';
import { ensureManufacturer } from '../manufacturer/ensure-manufacturer.js';
import { makerGroupOf } from '../manufacturer/maker-group.js';
import {
  requireManufacturer,
  type ResolvedManufacturer,
  resolveManufacturer,
} from '../manufacturer/resolve-manufacturer.js';
import { answeringPath } from '../product/answering-product.js';
import { renameModel, transferProduct } from '../product/change-identity.js';
import { DeclineListedName, RenameModel, TransferProduct } from '../product/commands.js';
import type { RegisteredProduct } from '../product/decider.js';
import { findProductOf } from '../product/find-product.js';
import { identityOf } from '../product/names.js';
import { newerListThan } from '../product/reconcile.js';
import { nameOfAnother, unknownProduct } from '../product/refusals.js';
import type { ProductRegistry } from '../registry.js';
import type { RowProposal } from './events.js';

/** A row that seems to be a known product under another name. */
export interface ProposedName {
  /** The product that is known. */
  readonly productId: string;
  /** As the row names it. */
  readonly about: { readonly manufacturer: string; readonly model: string };
}

export interface AcceptedProposal extends ProposedName {
  readonly proposal: RowProposal;
  /** Such as `cec-batteries`. */
  readonly list: string;
  /** The list's own date, where it is known. */
  readonly asOf: string | null;
  /** Whether a manufacturer without a code gets one by rule. */
  readonly issueCodes: boolean;
}

export interface DeclinedProposal extends ProposedName {
  /** Such as `cec-batteries`. */
  readonly list: string;
}

export interface DecidedProposal {
  /** The product that answers. */
  readonly productId: string;
  /** `unchanged`: it was decided so before. */
  readonly outcome: 'accepted' | 'unchanged';
  /** Of the last event that the decision led to, where it led to one. */
  readonly position: Position | undefined;
}

/**
 * Makes what the row names another name of the product: its manufacturer's further name or the product's next
 * manufacturer, then the model's next spelling. Each step is a command of its own, which follows from the
 * product as it stands: a repetition after a crash goes on where that one ended.
 *
 * Throws `PROPOSAL_OUTDATED` where the product is called otherwise by now or a newer list named it as it is, `PRODUCT_EXISTS` where another product
 * has the name, and what `transferProduct`, `renameModel`, `ensureManufacturer` and `addManufacturerAlias` throw.
 */
export const acceptProposal = (
  registry: ProductRegistry,
  accepted: AcceptedProposal,
  meta: CommandMeta,
): Promise<DecidedProposal> =>
  retryForfeited(async () => {
    const { about, proposal } = accepted;
    const { id, state, revision } = await answering(registry, accepted.productId);
    // Two rows may propose the same product, and are decided side by side: what was judged has to be what is changed.
    const asJudged = { ifMatch: revision };
    const named = await resolveManufacturer(registry, about.manufacturer);
    if (await isFound(registry, id, named, about.model)) return decided(id, []);
    const own = await requireManufacturer(registry, identityOf(state).manufacturerId, '/productId');
    await refuseOutdated(registry, state, accepted, [own, named]);
    if (!named && proposal.kind === 'rename') await isFound(registry, id, own, about.model);
    const alike = await makerLike(registry, state, own, about.manufacturer);
    const next = await nextMaker(registry, alike, named, accepted, meta);
    const results = [...next.results];
    // Also under a manufacturer that it had before.
    if (await isFound(registry, id, await resolveManufacturer(registry, next.id), about.model)) {
      return decided(id, results);
    }
    if (next.id !== own.id) {
      const from = accepted.asOf ?? meta.occurredAt.slice(0, 10);
      const data = { manufacturer: next.id, from };
      const transfer = new TransferProduct(id, data, stepOf(meta, 'transfer'));
      results.push(await transferProduct(registry, transfer, asJudged).catch(judgeAgain));
      asJudged.ifMatch = results.at(-1)?.revision ?? revision;
    }
    if (modelKeyOf(about.model) !== identityOf(state).modelKey) {
      const rename = new RenameModel(id, { model: about.model }, stepOf(meta, 'name'));
      results.push(await renameModel(registry, rename, asJudged).catch(judgeAgain));
    }
    return decided(id, results);
  });

/** What the product is called may have changed since it was judged. */
const judgeAgain = (error: unknown): never => {
  throw error instanceof Refusal && error.kind === 'stale' ? concurrentChange() : error;
};

/**
 * Notes that what the list calls by this name is not the product, so that the row is one of its own. Throws
 * `PROPOSAL_OUTDATED` where the product has that name by now, `PRODUCT_UNKNOWN`, and what `handleCommand` throws.
 */
export const declineProposal = async (
  registry: ProductRegistry,
  { productId, about, list }: DeclinedProposal,
  meta: CommandMeta,
): Promise<DecidedProposal> => {
  const { log, products } = registry;
  const { id } = await answering(registry, productId);
  const named = await resolveManufacturer(registry, about.manufacturer);
  if ((await findProductOf(registry, named?.family, about.model)) === id) throw outdated();
  const command = new DeclineListedName(id, { list, ...about }, meta);
  return decided(id, [await handleCommand(log, products, id, command)]);
};

/** The product that answers for the one that was proposed, which may have been merged since. */
const answering = async (registry: ProductRegistry, productId: string) => {
  const found = (await answeringPath(registry, productId)).at(-1);
  if (!found) throw unknownProduct();
  return found;
};

/** Whether the product has the name. Refuses where another one has it: before anything is changed. */
const isFound = async (
  registry: ProductRegistry,
  id: string,
  maker: ResolvedManufacturer | undefined,
  model: string,
): Promise<boolean> => {
  const found = await findProductOf(registry, maker?.family, model);
  if (found !== undefined && found !== id) throw nameOfAnother(found);
  return found !== undefined;
};

/**
 * Its maker and its model may each be the next one already: a step of this was made before, or by hand. Where a newer list
 * spoke of it, it did so under a name that it has: this one changes nothing of it, as its rows do not.
 */
const refuseOutdated = async (
  registry: ProductRegistry,
  state: RegisteredProduct,
  { about, proposal, list, asOf }: AcceptedProposal,
  [own, named]: readonly [ResolvedManufacturer, ResolvedManufacturer | undefined],
): Promise<void> => {
  const proposed = await resolveManufacturer(registry, proposal.manufacturer);
  const models = [proposal.model, about.model].map(modelKeyOf);
  const isAsProposed =
    [proposed?.id, named?.id].includes(own.id) && models.includes(identityOf(state).modelKey);
  if (!isAsProposed) throw outdated();
  const newer = newerListThan({ list, ...(asOf !== null && { asOf }) }, state);
  if (newer !== undefined) throw namedByNewer(newer);
};

/** The product's manufacturer, today's or a former one, whose name looks like the row's; today's where none does. */
const makerLike = async (
  registry: ProductRegistry,
  { identities }: RegisteredProduct,
  own: ResolvedManufacturer,
  name: string,
): Promise<ResolvedManufacturer> => {
  for (const { manufacturerId } of identities.toReversed()) {
    const maker = await resolveManufacturer(registry, manufacturerId);
    const names = maker ? [maker.state.name, ...maker.state.aliases] : [];
    if (maker && names.map(makerGroupOf).includes(makerGroupOf(name))) return maker;
  }
  return own;
};

/** Who makes the product from now on. A similar name that nobody has is one more name of its manufacturer. */
const nextMaker = async (
  registry: ProductRegistry,
  alike: ResolvedManufacturer,
  named: ResolvedManufacturer | undefined,
  { about: { manufacturer: name }, proposal, issueCodes }: AcceptedProposal,
  meta: CommandMeta,
): Promise<{ readonly id: string; readonly results: readonly CommandResult[] }> => {
  if (named) return { id: named.id, results: [] };
  if (proposal.kind === 'rename') {
    const step = stepOf(meta, 'alias');
    const command = new AddManufacturerAlias(alike.id, { alias: name }, step);
    return { id: alike.id, results: [await addManufacturerAlias(registry, command)] };
  }
  const code = issueCodes ? ({ rule: 'derived' } as const) : null;
  const listed = { name, aliases: [], code };
  const { manufacturerId } = await ensureManufacturer(registry, listed, stepOf(meta, 'maker'));
  return { id: manufacturerId, results: [] };
};

const decided = (productId: string, results: readonly CommandResult[]): DecidedProposal => ({
  productId,
  outcome: results.some(({ outcome }) => outcome !== 'unchanged') ? 'accepted' : 'unchanged',
  position: results.at(-1)?.position,
});

const outdated = () =>
  new Refusal(
    'PROPOSAL_OUTDATED',
    'conflict',
    'the product is called otherwise by now than it was when this was proposed: retry the import',
  );

const namedByNewer = (newer: string) =>
  new Refusal(
    'PROPOSAL_OUTDATED',
    'conflict',
    `the list of ${newer}, which is newer than this one, names the product as it is called now: retry the import`,
    { asOf: newer },
  );
