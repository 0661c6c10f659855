import type { CodeWish } from '../../manufacturer/commands.js';
import {
  type EnsuredManufacturer,
  ensureManufacturer,
  type ListedManufacturer,
} from '../../manufacturer/ensure-manufacturer.js';
import {
  manufacturerOfCode,
  resolveManufacturer,
} from '../../manufacturer/resolve-manufacturer.js';
import type { ProductRegistry } from '../../registry.js';
import type { RowOutcome, RowProblem } from '../events.js';
import { type EntityCodeColumn, entityCodes } from '../layouts/entity-codes.js';
import { problem } from '../normalise/cell.js';
import { manufacturerCellOf, normaliseManufacturer } from '../normalise/manufacturer.js';
import type { UsableRow } from '../normalise/normalised-row.js';
import type { ListRow } from '../reading/list-file.js';
import type { ListKind, RowPlanner } from './planned-row.js';
import { refusedRow } from './refused-row.js';
import { rowMeta, type RunContext } from './row-context.js';

type Row = ListRow<EntityCodeColumn>;

/** Lists of manufacturers and their codes. Rows go one after the other: any two may share a name or a code. */
export const manufacturerLists: ListKind<RunContext> = {
  layouts: [entityCodes],
  planner: (_, context): RowPlanner => ({
    plan: (row: Row, isToDo) =>
      isToDo ? { key: '', carryOut: () => carryOut(row, context) } : undefined,
  }),
};

const carryOut = async (row: Row, context: RunContext): Promise<RowOutcome> => {
  const normalised = normaliseManufacturer(row, context.issueCodes);
  if ('rejected' in normalised) {
    return { row: row.row, outcome: 'rejected', problems: normalised.rejected };
  }
  try {
    const foreign = await codeOfAnother(context.registry, normalised.facts, row);
    if (foreign) return { row: row.row, outcome: 'needsReview', problems: [foreign] };
    const meta = rowMeta(context, row.row);
    return outcomeOf(
      normalised,
      await ensureManufacturer(context.registry, normalised.facts, meta),
    );
  } catch (error) {
    return refusedRow(row.row, error, (pointer) => manufacturerCellOf(row, pointer));
  }
};

const outcomeOf = (
  { row, problems }: UsableRow<ListedManufacturer>,
  { manufacturerId, outcome }: EnsuredManufacturer,
): RowOutcome => ({
  row,
  outcome: outcome === 'unchanged' ? 'unchanged' : 'accepted',
  manufacturerId,
  ...(problems.length > 0 && { problems }),
});

/**
 * Two names under one published code are one maker. But a code that somebody else got by rule, or had
 * once, says nothing of that kind: then a person decides.
 */
export const codeOfAnother = async (
  registry: ProductRegistry,
  { name, aliases, code: wish }: ListedManufacturer,
  row: Row,
): Promise<RowProblem | undefined> => {
  const code = publishedCode(wish);
  const holder = code === undefined ? undefined : await manufacturerOfCode(registry, code);
  if (!holder || (holder.state.code === code && holder.state.codeRule !== 'derived')) {
    return undefined;
  }
  const named = await Promise.all(
    [name, ...aliases].map((one) => resolveManufacturer(registry, one)),
  );
  if (named.some((one) => one?.id === holder.id)) return undefined;
  const { column, raw } = manufacturerCellOf(row, '/code');
  const how = holder.state.code === code ? 'was given by rule to' : 'was formerly the code of';
  return problem(column, `${how} "${holder.state.name}": give that maker another code first`, raw);
};

const publishedCode = (wish: CodeWish | null): string | undefined =>
  wish && wish.rule !== 'derived' ? wish.code : undefined;
