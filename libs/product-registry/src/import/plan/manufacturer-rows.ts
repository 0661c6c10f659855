import type { CsvRow } from '#csv/csv-file.js';
import type { StoredEvent } from '#event-log/event-log.js';
import { newest } from '#event-log/reading.js';
import { differences } from '#kernel/differences.js';

import { manufacturerDecider, type ManufacturerState } from '../../manufacturer/decider.js';
import {
  ensureManufacturer,
  type ListedManufacturer,
} from '../../manufacturer/ensure-manufacturer.js';
import { manufacturerCategory, type ManufacturerEvent } from '../../manufacturer/events.js';
import {
  manufacturerOfCode,
  resolveManufacturer,
} from '../../manufacturer/resolve-manufacturer.js';
import type { ProductRegistry } from '../../registry.js';
import type { RowOutcome, RowProblem } from '../events.js';
import { type EntityCodeColumn, entityCodes } from '../layouts/entity-codes.js';
import { cellAt, writtenCells } from '../layouts/fact-layout.js';
import { cellProblem } from '../normalise/cell.js';
import { normaliseManufacturer } from '../normalise/manufacturer.js';
import type { UsableRow } from '../normalise/normalised-row.js';
import { doneRow, type ListKind, rowMeta, type RunContext } from './planned-row.js';
import { refusedRow } from './refused-row.js';

type Row = CsvRow<EntityCodeColumn>;

/** Lists of manufacturers and their codes. Rows go one after the other: any two may share a name or a code. */
export const manufacturerLists: ListKind = {
  layouts: [entityCodes],
  category: manufacturerCategory,
  planner: (_, context) => (row: Row, isToDo) => {
    if (!isToDo) return undefined;
    const normalised = normaliseManufacturer(row, context);
    if ('rejected' in normalised) return doneRow(row.row, 'rejected', normalised.rejected);
    return {
      key: '',
      name: normalised.facts.name,
      carryOut: (registry) => carryOut(registry, row, normalised, context),
    };
  },
  changes: (before, appended) => {
    const after = documentOf([...before, ...appended]);
    return before.length > 0
      ? differences(documentOf(before), after)
      : [{ path: '', from: null, to: after }];
  },
};

const carryOut = async (
  registry: ProductRegistry,
  row: Row,
  { facts, problems }: UsableRow<ListedManufacturer>,
  context: RunContext,
): Promise<RowOutcome> => {
  try {
    const foreign = await codeOfAnother(registry, facts, row);
    if (foreign) return { row: row.row, outcome: 'needsReview', problems: [foreign] };
    const meta = rowMeta(context, row.row, '', writtenCells(entityCodes, row));
    const { manufacturerId, outcome, newer } = await ensureManufacturer(registry, facts, meta);
    const said = newer === undefined ? problems : [...problems, olderList(row, newer, context)];
    return {
      row: row.row,
      outcome: outcome === 'unchanged' ? 'unchanged' : 'accepted',
      manufacturerId,
      ...(outcome !== 'unchanged' && { isNew: outcome === 'registered' }),
      ...(said.length > 0 && { problems: said }),
    };
  } catch (error) {
    return refusedRow(row.row, error, (pointer) => cellAt(entityCodes, row, pointer));
  }
};

/** Why the code of an older list changes nothing. */
const olderList = (row: Row, newer: string, { asOf }: RunContext): RowProblem => {
  const reason = `changes nothing: the list of ${newer} named the manufacturer's code, and this one is of ${String(asOf)}`;
  return cellProblem(entityCodes, row, 'code', reason);
};

/**
 * Two names under one published code are one manufacturer. But a code that somebody else got by rule,
 * or had once, says nothing of that kind: then a person decides.
 */
const codeOfAnother = async (
  registry: ProductRegistry,
  { name, aliases, code: listed }: ListedManufacturer,
  row: Row,
): Promise<RowProblem | undefined> => {
  if (!listed || listed.rule === 'derived') return undefined;
  const { code } = listed;
  const holder = await manufacturerOfCode(registry, code);
  if (!holder || (holder.state.code === code && holder.state.codeRule !== 'derived')) {
    return undefined;
  }
  const named = await Promise.all(
    [name, ...aliases].map((one) => resolveManufacturer(registry, one)),
  );
  if (named.some((one) => one?.id === holder.id)) return undefined;
  const how = holder.state.code === code ? 'was given by rule to' : 'was formerly the code of';
  const reason = `${how} "${holder.state.name}": give that manufacturer another code first`;
  return cellProblem(entityCodes, row, 'code', reason);
};

const documentOf = (events: readonly StoredEvent[]) => {
  const state = events.reduce<ManufacturerState>((before, stored) => {
    const event = newest<ManufacturerEvent>(manufacturerDecider, stored);
    return event ? manufacturerDecider.evolve(before, event) : before;
  }, manufacturerDecider.initialState);
  if (state.status === 'absent') return null;
  const { name, aliases, code } = state;
  return { name, aliases, code };
};
