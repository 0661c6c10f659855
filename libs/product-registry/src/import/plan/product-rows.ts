import type { CsvFile, CsvRow } from '#csv/csv-file.js';
import type { StoredEvent } from '#event-log/event-log.js';
import { newest } from '#event-log/reading.js';
import type { CommandMeta } from '#kernel/command.js';
import { differences } from '#kernel/differences.js';
import { contentIdOf } from '#kernel/ids.js';
import { Refusal } from '#kernel/refusal.js';

import { listedNameKeyOf } from '../../codes.js';
import { makerGroupOf } from '../../manufacturer/maker-group.js';
import { resolveManufacturer } from '../../manufacturer/resolve-manufacturer.js';
import type { ListedFacts } from '../../product/commands.js';
import { productDecider } from '../../product/decider.js';
import { evolveDocument, type ProductDocument } from '../../product/document.js';
import { productCategory, type ProductEvent } from '../../product/events.js';
import { findProductOf } from '../../product/find-product.js';
import { reconcileListing } from '../../product/reconcile-listing.js';
import type { ProductRegistry } from '../../registry.js';
import type { RowOutcome } from '../events.js';
import { type BatteryColumn, cecBatteries } from '../layouts/cec-batteries.js';
import { cellAt, writtenCells } from '../layouts/fact-layout.js';
import { normaliseBattery } from '../normalise/battery.js';
import { cellProblem, problem } from '../normalise/cell.js';
import { type BatteryColumns, columnsOf } from '../normalise/columns.js';
import type { NormalisedRow, UsableRow } from '../normalise/normalised-row.js';
import { type DoubtfulRow, forReview } from './doubtful-rows.js';
import { FirstMentions } from './first-mentions.js';
import { ListedManufacturers, type MakerOfRow } from './listed-manufacturers.js';
import { LookAlikeRows } from './look-alike-rows.js';
import { NamesInFile } from './names-in-file.js';
import {
  doneRow,
  type ListKind,
  type PlannedRow,
  rowMeta,
  type RowPlanner,
  type RunContext,
} from './planned-row.js';
import { outcomeOf, problemsOf } from './product-outcome.js';
import { refusedRow } from './refused-row.js';
import { valuesOfOtherRow } from './repeated-rows.js';
import { SeemingRows, SeemsKnown, type SeenName } from './seeming-rows.js';
import { SimilarMakers } from './similar-makers.js';

type Row = CsvRow<BatteryColumn>;

/** Lists of products. Rows of one manufacturer, and of those that look like it, go one after the other. */
export const productLists: ListKind = {
  layouts: [cecBatteries],
  category: productCategory,
  planner: (file, context) => new ProductRows(file as CsvFile<BatteryColumn>, context).plan,
  changes: (before, appended) => {
    const after = documentOf([...before, ...appended]);
    if (before.length > 0) return differences(documentOf(before), after);
    const { code = null, elements = {} } = after ?? {};
    return [{ path: '', from: null, to: { code, elements } }];
  },
};

/** The rows of one file, and what is remembered of them. */
class ProductRows {
  private readonly columns: BatteryColumns;
  private readonly mentions: FirstMentions;
  private readonly lookAlikes: LookAlikeRows;
  private readonly manufacturers: ListedManufacturers;
  private readonly seeming: SeemingRows;

  constructor(
    file: CsvFile<BatteryColumn>,
    private readonly context: RunContext,
  ) {
    const { registered, signal } = context;
    this.columns = columnsOf(file);
    this.mentions = new FirstMentions(file.rows);
    this.lookAlikes = new LookAlikeRows(file.rows);
    const makers = new SimilarMakers(registered);
    this.manufacturers = new ListedManufacturers(context, makers);
    const names = new NamesInFile(file, this.columns, signal);
    this.seeming = new SeemingRows(file.rows, makers, registered, names);
  }

  readonly plan: RowPlanner = (row: Row, isToDo) => {
    const normalised = datedRow(normaliseBattery(row, this.columns), this.context.asOf);
    const isRejected = 'rejected' in normalised;
    const isReadable = !isRejected && normalised.damage === undefined;
    const twice = isReadable ? namedTwice(this.mentions, normalised, row) : undefined;
    const doubtful =
      isRejected || twice ? undefined : doubtfulRow(this.lookAlikes, normalised, row);
    const seen = isReadable && !twice ? this.seeming.note(normalised.facts, row) : undefined;
    if (!isToDo) return undefined;
    if (isRejected) return doneRow(row.row, 'rejected', normalised.rejected);
    if (twice) return twice;
    const { facts } = normalised;
    const { manufacturer, model } = facts;
    const maker: MakerOfRow = {
      ...{ name: manufacturer, row: row.row, earlier: seen?.earlier ?? [] },
      isNeeded: () => this.seeming.isOwn(this.context.registry, row, facts, seen),
    };
    if (!doubtful) {
      this.context.registered.expect(model);
      this.manufacturers.announce(maker);
    }
    return {
      key: makerGroupOf(doubtful?.meant.manufacturer ?? manufacturer),
      name: `${manufacturer} ${model}`,
      carryOut: async (registry) => {
        const isHeld = doubtful && (await registeredProduct(registry, facts)) === undefined;
        return withAbout(
          facts,
          isHeld
            ? await forReview(registry, doubtful)
            : await this.carryOut(registry, row, normalised, maker, seen),
        );
      },
    };
  };

  private async carryOut(
    registry: ProductRegistry,
    row: Row,
    usable: UsableRow,
    maker: MakerOfRow,
    seen: SeenName | undefined,
  ): Promise<RowOutcome> {
    const { facts } = usable;
    const beforeRegistering = () => this.seeming.refuse(registry, row, facts, seen);
    try {
      let manufacturer = await this.manufacturers.ready(maker);
      if (!manufacturer) {
        await beforeRegistering();
        manufacturer = await this.manufacturers.required(maker);
      }
      const { isNew: isLikelyNew, despite } = manufacturer;
      const done = await withSpareId(
        rowMeta(this.context, row.row, '', writtenCells(cecBatteries, row)),
        (meta) => reconcileListing(registry, facts, meta, { isLikelyNew, beforeRegistering }),
      );
      // A long list would fill the cache with products that nobody asks for next.
      registry.products.forget(done.productId);
      return outcomeOf(row, usable, done, despite);
    } catch (error) {
      if (error instanceof SeemsKnown) return withProblems(error.outcome, usable);
      const refused = refusedRow(row.row, error, (pointer) => cellAt(cecBatteries, row, pointer));
      const known = await this.seeming.respelled(registry, facts, error);
      const productId = known?.productId ?? (await registeredProduct(registry, facts));
      const found = productId !== undefined && { productId };
      return withProblems({ ...refused, ...known, ...found }, usable);
    }
  }
}

const withProblems = (outcome: RowOutcome, usable: UsableRow): RowOutcome => ({
  ...outcome,
  problems: [...(outcome.problems ?? []), ...problemsOf(usable)],
});

/** What waits for a person says what the row is about. */
const withAbout = ({ manufacturer, model }: ListedFacts, outcome: RowOutcome): RowOutcome =>
  outcome.outcome === 'needsReview' ? { ...outcome, about: { manufacturer, model } } : outcome;

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
  return findProductOf(registry, found?.family, model);
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
  const first = mentions.note(listedNameKeyOf(facts), row.row, contentOf(content));
  if (!first) return undefined;
  const where = `names the same product as row ${String(first.row)}`;
  const reason = first.isSame ? where : `${where}, with other values; those of that row were used`;
  const seen = [cellProblem(cecBatteries, row, 'model', reason), ...problems];
  if (first.isSame) return doneRow(row.row, 'unchanged', seen);
  return {
    // Behind that row.
    key: makerGroupOf(manufacturer),
    name: `${manufacturer} ${model}`,
    carryOut: async (registry) => {
      const productId = await registeredProduct(registry, facts);
      const differing = await valuesOfOtherRow(registry, productId, facts, first.row);
      const conflicts = differing.map(({ pointer, reason: said }) => {
        const { column, raw } = cellAt(cecBatteries, row, pointer);
        return problem(column, said, raw);
      });
      const found = productId !== undefined && { productId };
      const outcome = { row: row.row, outcome: 'needsReview' as const, ...found };
      return withAbout(facts, { ...outcome, problems: [...seen, ...conflicts] });
    },
  };
};

/** How name and model are written says nothing of the product. */
const contentOf = ({ listing, ...facts }: Omit<ListedFacts, 'manufacturer' | 'model'>): string => {
  if (!listing) return JSON.stringify(facts);
  const { ManufacturerAsWritten: _, ModelAsWritten: __, ...remarks } = listing.remarks;
  return JSON.stringify({ ...facts, listing: { ...listing, remarks } });
};

/** The row with the date of its list. */
const datedRow = (row: NormalisedRow, asOf: string | null): NormalisedRow =>
  'rejected' in row || asOf === null ? row : { ...row, facts: { ...row.facts, asOf } };

const documentOf = (events: readonly StoredEvent[]): ProductDocument | null =>
  events.reduce<ProductDocument | null>((document, stored) => {
    const event = newest<ProductEvent>(productDecider, stored);
    return event ? evolveDocument(document, stored.stream, event) : document;
  }, null);
