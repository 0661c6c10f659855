import { manufacturerNameKeyOf, modelKeyOf } from '../../codes.js';
import { resolveManufacturer } from '../../manufacturer/resolve-manufacturer.js';
import type { ListedFacts } from '../../product/commands.js';
import { findProductId } from '../../product/find-product.js';
import { isSetByPerson } from '../../product/reconcile.js';
import { type ReconciledListing, reconcileListing } from '../../product/reconcile-listing.js';
import type { ProductState } from '../../product/state.js';
import type { RowOutcome, RowProblem } from '../events.js';
import { type BatteryColumn, cecBatteries } from '../layouts/cec-batteries.js';
import { normaliseBattery } from '../normalise/battery.js';
import { cellOf, titleOf } from '../normalise/battery-cells.js';
import { problem } from '../normalise/cell.js';
import type { UsableRow } from '../normalise/normalised-row.js';
import type { ListFile, ListRow } from '../reading/list-file.js';
import { FirstMentions } from './first-mentions.js';
import { ListMakers } from './list-makers.js';
import type { ListKind, PlannedRow, RowPlanner } from './planned-row.js';
import { refusedRow } from './refused-row.js';
import { rowMeta, type RunContext } from './row-context.js';
import { againUnderAnotherId } from './same-command.js';

/** Lists of products. */
export const productLists: ListKind<RunContext> = {
  layouts: [cecBatteries],
  planner: (file, context) => new ProductPlanner(file, context),
};

class ProductPlanner implements RowPlanner {
  private readonly mentions: FirstMentions;
  private readonly makers: ListMakers;

  constructor(
    private readonly file: ListFile,
    private readonly context: RunContext,
  ) {
    this.mentions = new FirstMentions(file.rows);
    this.makers = new ListMakers(context);
  }

  plan(row: ListRow<BatteryColumn>, isToDo: boolean): PlannedRow | undefined {
    const normalised = normaliseBattery(row, this.file.decimalMark);
    if ('rejected' in normalised) {
      const problems = normalised.rejected;
      return isToDo ? settled({ row: row.row, outcome: 'rejected', problems }) : undefined;
    }
    const twice = namedTwice(this.mentions, normalised, row);
    if (!isToDo) return undefined;
    if (twice) return settled(twice);
    const { manufacturer } = normalised.facts;
    this.makers.announce(manufacturer, row.row);
    return {
      key: manufacturerNameKeyOf(manufacturer),
      carryOut: () => this.carryOut(row, normalised),
    };
  }

  private async carryOut(row: ListRow<BatteryColumn>, usable: UsableRow): Promise<RowOutcome> {
    const { facts } = usable;
    try {
      const { isNew } = await this.makers.ready(facts.manufacturer, row.row);
      const done = await againUnderAnotherId(rowMeta(this.context, row.row), (meta) =>
        reconcileListing(this.context.registry, facts, meta, { isLikelyNew: isNew }),
      );
      // A long list would fill the cache with products that nobody asks for next.
      this.context.registry.products.forget(done.productId);
      return outcomeOf(row, usable, done);
    } catch (error) {
      const refused = refusedRow(row.row, error, (pointer) => cellOf(row, pointer));
      const productId = await this.productOf(facts);
      return { ...refused, ...(productId !== undefined && { productId }) };
    }
  }

  /** The product that a refused row is about, where it is registered. */
  private async productOf({ manufacturer, model }: ListedFacts): Promise<string | undefined> {
    const { registry } = this.context;
    const maker = await resolveManufacturer(registry, manufacturer);
    for (const id of maker?.family ?? []) {
      const productId = await findProductId(registry, id, model);
      if (productId !== undefined) return productId;
    }
    return undefined;
  }
}

const settled = (outcome: RowOutcome): PlannedRow => ({
  key: '',
  carryOut: () => Promise.resolve(outcome),
});

/** A list that names a product twice would change it back and forth with each import. */
export const namedTwice = (
  mentions: FirstMentions,
  { facts, problems }: UsableRow,
  row: ListRow<BatteryColumn>,
): RowOutcome | undefined => {
  const { manufacturer, model } = facts;
  const key = `${manufacturerNameKeyOf(manufacturer)}\n${modelKeyOf(model)}`;
  const first = mentions.note(key, row.row, contentOf(facts));
  if (!first) return undefined;
  const where = `names the same product as row ${String(first.row)}`;
  const reason = first.isSame ? where : `${where}, with other values; those of that row were used`;
  return {
    row: row.row,
    outcome: first.isSame ? 'unchanged' : 'needsReview',
    problems: [problem(titleOf('model'), reason, row.cells.model ?? ''), ...problems],
  };
};

const contentOf = ({ manufacturer: _, model: __, ...content }: ListedFacts): string =>
  JSON.stringify(content);

const outcomeOf = (
  row: ListRow<BatteryColumn>,
  usable: UsableRow,
  { productId, outcome, result }: ReconciledListing,
): RowOutcome => {
  const state = result.state as ProductState;
  const uncoded = isUncoded(state) ? uncodedProblem(row) : undefined;
  const problems = uncoded ? [...usable.problems, uncoded] : usable.problems;
  const needsReview = isOpen(usable, state) || uncoded !== undefined;
  return {
    row: row.row,
    outcome: needsReview ? 'needsReview' : outcome === 'unchanged' ? 'unchanged' : 'accepted',
    productId,
    ...(problems.length > 0 && { problems }),
  };
};

/** What nobody could read is settled once a person has said what it means. */
export const isOpen = ({ needsReview, unread }: UsableRow, state: ProductState): boolean =>
  needsReview &&
  (unread === undefined ||
    state.status === 'absent' ||
    unread.some((name) => !isSetByPerson(state, name)));

const isUncoded = (state: ProductState): boolean =>
  state.status === 'registered' && state.code === null;

export const uncodedProblem = ({ cells }: ListRow<BatteryColumn>): RowProblem =>
  problem(
    titleOf('manufacturer'),
    'has no EntityCode, so that the product has no code',
    cells.manufacturer ?? '',
  );
