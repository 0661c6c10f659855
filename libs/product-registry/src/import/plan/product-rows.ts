import type { CsvFile, CsvRow } from '#csv/csv-file.js';
import type { StoredEvent } from '#event-log/event-log.js';
import { newest } from '#event-log/reading.js';
import type { CommandMeta } from '#kernel/command.js';
import { differences } from '#kernel/differences.js';
import { contentIdOf } from '#kernel/ids.js';
import { Refusal } from '#kernel/refusal.js';

import { manufacturerNameKeyOf, modelKeyOf } from '../../codes.js';
import { resolveManufacturer } from '../../manufacturer/resolve-manufacturer.js';
import type { ListedFacts } from '../../product/commands.js';
import { productDecider, type ProductState } from '../../product/decider.js';
import { evolveDocument, type ProductDocument } from '../../product/document.js';
import { productCategory, type ProductEvent } from '../../product/events.js';
import { findProductId } from '../../product/find-product.js';
import type { ListConflict } from '../../product/list-conflict.js';
import { isSaidByPerson, newerListThan, openConflicts } from '../../product/reconcile.js';
import { type ReconciledListing, reconcileListing } from '../../product/reconcile-listing.js';
import type { ProductRegistry } from '../../registry.js';
import type { RowOutcome, RowProblem } from '../events.js';
import { type BatteryColumn, cecBatteries } from '../layouts/cec-batteries.js';
import { cellAt, writtenCells } from '../layouts/fact-layout.js';
import { normaliseBattery } from '../normalise/battery.js';
import { cellProblem, problem } from '../normalise/cell.js';
import { columnsOf } from '../normalise/columns.js';
import type { NormalisedRow, UsableRow } from '../normalise/normalised-row.js';
import { type DoubtfulRow, forReview } from './doubtful-rows.js';
import { FirstMentions } from './first-mentions.js';
import { ListedManufacturers } from './listed-manufacturers.js';
import { LookAlikeRows } from './look-alike-rows.js';
import {
  doneRow,
  type ListKind,
  type PlannedRow,
  rowMeta,
  type RunContext,
} from './planned-row.js';
import { conflictProblems, refusedRow } from './refused-row.js';
import { valuesOfOtherRow } from './repeated-rows.js';

type Row = CsvRow<BatteryColumn>;

/** Lists of products. Rows of one manufacturer go one after the other. */
export const productLists: ListKind = {
  layouts: [cecBatteries],
  category: productCategory,
  planner: (file, context) => {
    const mentions = new FirstMentions(file.rows);
    const lookAlikes = new LookAlikeRows(file.rows);
    const manufacturers = new ListedManufacturers(context);
    const columns = columnsOf(file as CsvFile<BatteryColumn>);
    return (row: Row, isToDo) => {
      const normalised = datedRow(normaliseBattery(row, columns), context.asOf);
      const isRejected = 'rejected' in normalised;
      const isReadable = !isRejected && normalised.damage === undefined;
      const twice = isReadable ? namedTwice(mentions, normalised, row) : undefined;
      const doubtful = isRejected || twice ? undefined : doubtfulRow(lookAlikes, normalised, row);
      if (!isToDo) return undefined;
      if (isRejected) return doneRow(row.row, 'rejected', normalised.rejected);
      if (twice) return twice;
      const { manufacturer, model } = normalised.facts;
      const take = (registry: ProductRegistry) =>
        carryOut(registry, row, normalised, context, manufacturers);
      if (!doubtful) manufacturers.announce(manufacturer, row.row);
      return {
        key: manufacturerNameKeyOf(doubtful?.meant.manufacturer ?? manufacturer),
        name: `${manufacturer} ${model}`,
        carryOut: async (registry) => {
          const isHeld =
            doubtful && (await registeredProduct(registry, normalised.facts)) === undefined;
          return isHeld ? forReview(registry, doubtful) : take(registry);
        },
      };
    };
  },
  changes: (before, appended) => {
    const after = documentOf([...before, ...appended]);
    if (before.length > 0) return differences(documentOf(before), after);
    const { code = null, elements = {} } = after ?? {};
    return [{ path: '', from: null, to: { code, elements } }];
  },
};

const carryOut = async (
  registry: ProductRegistry,
  row: Row,
  usable: UsableRow,
  context: RunContext,
  manufacturers: ListedManufacturers,
): Promise<RowOutcome> => {
  const { facts } = usable;
  try {
    const { isNew } = await manufacturers.ready(facts.manufacturer, row.row);
    const done = await withSpareId(
      rowMeta(context, row.row, '', writtenCells(cecBatteries, row)),
      (meta) => reconcileListing(registry, facts, meta, { isLikelyNew: isNew }),
    );
    // A long list would fill the cache with products that nobody asks for next.
    registry.products.forget(done.productId);
    return outcomeOf(row, usable, done);
  } catch (error) {
    const refused = refusedRow(row.row, error, (pointer) => cellAt(cecBatteries, row, pointer));
    const productId = await registeredProduct(registry, facts);
    const problems = [...(refused.problems ?? []), ...problemsOf(usable)];
    return { ...refused, problems, ...(productId !== undefined && { productId }) };
  }
};

/**
 * Repeats a command under another id where its own was used for another content: a row of a resumed
 * run whose first attempt was made on other facts (its manufacturer was merged or renamed in between).
 * Both attempts are decided on what stands, so that the second one only adds what is missing.
 */
const withSpareId = async <T>(
  meta: CommandMeta,
  work: (meta: CommandMeta) => Promise<T>,
): Promise<T> => {
  try {
    return await work(meta);
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'IDEMPOTENCY_KEY_REUSED') throw error;
    return work({ ...meta, commandId: contentIdOf('command-again', meta.commandId) });
  }
};

/** The product that a row is about, where it is registered. */
export const registeredProduct = async (
  registry: ProductRegistry,
  { manufacturer, model }: Pick<ListedFacts, 'manufacturer' | 'model'>,
): Promise<string | undefined> => {
  const found = await resolveManufacturer(registry, manufacturer);
  for (const id of found?.family ?? []) {
    const productId = await findProductId(registry, id, model);
    if (productId !== undefined) return productId;
  }
  return undefined;
};

/**
 * What looks like an earlier row's product, or shows damage, registers nothing by itself. Where a product
 * of exactly this maker and model is registered, somebody said so before: then the row is as any other.
 */
const doubtfulRow = (
  lookAlikes: LookAlikeRows,
  { facts: { manufacturer, model }, problems, damage }: UsableRow,
  row: Row,
): DoubtfulRow | undefined => {
  const { column, raw } = cellAt(cecBatteries, row, '/model');
  if (damage) {
    const { meant } = damage;
    const earlierRow = lookAlikes.find(meant.manufacturer, meant.model);
    const seen = [...damage.problems, ...problems];
    return { row: row.row, raw, column, problems: seen, meant, earlierRow };
  }
  const earlierRow = lookAlikes.note(manufacturer, model, row.row);
  if (earlierRow === undefined) return undefined;
  return { row: row.row, raw, column, problems, meant: { manufacturer, model }, earlierRow };
};

/** A list that names a product twice would change it back and forth with each import. */
const namedTwice = (
  mentions: FirstMentions,
  { facts, problems }: UsableRow,
  row: Row,
): PlannedRow | undefined => {
  const { manufacturer, model, ...content } = facts;
  const maker = manufacturerNameKeyOf(manufacturer);
  const first = mentions.note(`${maker}\n${modelKeyOf(model)}`, row.row, contentOf(content));
  if (!first) return undefined;
  const where = `names the same product as row ${String(first.row)}`;
  const reason = first.isSame ? where : `${where}, with other values; those of that row were used`;
  const seen = [cellProblem(cecBatteries, row, 'model', reason), ...problems];
  if (first.isSame) return doneRow(row.row, 'unchanged', seen);
  return {
    // Behind that row.
    key: maker,
    name: `${manufacturer} ${model}`,
    carryOut: async (registry) => {
      const productId = await registeredProduct(registry, facts);
      const differing = await valuesOfOtherRow(registry, productId, facts, first.row);
      const conflicts = differing.map(({ pointer, reason: said }) => {
        const { column, raw } = cellAt(cecBatteries, row, pointer);
        return problem(column, said, raw);
      });
      const found = productId !== undefined && { productId };
      return { row: row.row, outcome: 'needsReview', problems: [...seen, ...conflicts], ...found };
    },
  };
};

/** How name and model are written says nothing of the product. */
const contentOf = ({ listing, ...facts }: Omit<ListedFacts, 'manufacturer' | 'model'>): string => {
  if (!listing) return JSON.stringify(facts);
  const { ManufacturerAsWritten: _, ModelAsWritten: __, ...remarks } = listing.remarks;
  return JSON.stringify({ ...facts, listing: { ...listing, remarks } });
};

const outcomeOf = (
  row: Row,
  usable: UsableRow,
  { productId, outcome, isNew, result }: ReconciledListing,
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
  ];
  const isUnchanged = outcome === 'unchanged' || isRepeatedOnly(result);
  let needsReview = waiting.length > 0 || isOpen(usable, state);
  if (state.status === 'registered' && state.code === null) {
    needsReview = true;
    const reason = 'has no EntityCode, so that the product has no code';
    problems.push(cellProblem(cecBatteries, row, 'manufacturer', reason));
  }
  const become = needsReview ? 'needsReview' : isUnchanged ? 'unchanged' : 'accepted';
  const { manufacturer, model } = usable.facts;
  return {
    row: row.row,
    outcome: become,
    productId,
    ...(needsReview && { about: { manufacturer, model } }),
    ...(waiting.length > 0 && {
      conflicts: waiting.map(({ path, listed }) => ({ path, listed })),
    }),
    ...(become === 'accepted' && { isNew }),
    ...(problems.length > 0 && { problems }),
  };
};

/** The row with the date of its list. */
const datedRow = (row: NormalisedRow, asOf: string | null): NormalisedRow =>
  'rejected' in row || asOf === null ? row : { ...row, facts: { ...row.facts, asOf } };

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

const problemsOf = ({ problems, warnings = [], damage }: UsableRow): RowProblem[] => [
  ...(damage?.problems ?? []),
  ...problems,
  ...warnings,
];

/** What nobody could read needs no review any more once a person has said what it means. */
const isOpen = ({ unread }: UsableRow, state: ProductState): boolean =>
  unread.some((pointer) => state.status === 'absent' || !isSaidByPerson(state, pointer));

const documentOf = (events: readonly StoredEvent[]): ProductDocument | null =>
  events.reduce<ProductDocument | null>((document, stored) => {
    const event = newest<ProductEvent>(productDecider, stored);
    return event ? evolveDocument(document, stored.stream, event) : document;
  }, null);
