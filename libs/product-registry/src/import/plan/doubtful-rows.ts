import { modelKeyOf } from '../../codes.js';
import { resolveManufacturer } from '../../manufacturer/resolve-manufacturer.js';
import { findLookAlike, type LookAlike, shownLookAlike } from '../../product/find-look-alike.js';
import { findProductOf } from '../../product/find-product.js';
import type { ProductRegistry } from '../../registry.js';
import type { RowOutcome, RowProblem } from '../events.js';
import { problem } from '../normalise/cell.js';

/** A row that registers nothing: its model is damaged, or looks like that of an earlier row. */
export interface DoubtfulRow {
  readonly row: number;
  /** The cell with the model as it stands in the file. */
  readonly raw: string;
  readonly column: string;
  /** Why it is doubtful. */
  readonly problems: readonly RowProblem[];
  /** The maker and model that it most likely means. */
  readonly meant: { readonly manufacturer: string; readonly model: string };
  /** The row of the same file that names it first. */
  readonly earlierRow: number | undefined;
}

/** For review, beside the product and the row that it looks like. */
export const forReview = async (
  registry: ProductRegistry,
  { row, raw, column, problems, meant, earlierRow }: DoubtfulRow,
): Promise<RowOutcome> => {
  const product = await productLike(registry, meant);
  const beside = [
    ...(earlierRow === undefined ? [] : [`row ${String(earlierRow)}`]),
    ...(product === undefined ? [] : [shownLookAlike(product)]),
  ];
  const resembling =
    beside.length === 0 ? [] : [problem(column, `looks like ${beside.join(', ')}`, raw)];
  return { row, outcome: 'needsReview', problems: [...problems, ...resembling] };
};

const productLike = async (
  registry: ProductRegistry,
  { manufacturer, model }: DoubtfulRow['meant'],
): Promise<LookAlike | undefined> => {
  const maker = await resolveManufacturer(registry, manufacturer);
  if (!maker || modelKeyOf(model) === '') return undefined;
  const productId = await findProductOf(registry, maker.family, model);
  if (productId !== undefined) {
    const { state } = await registry.products.refresh(productId);
    if (state.status === 'registered') return { productId, model: state.model, code: state.code };
  }
  return findLookAlike(registry, maker, model);
};
