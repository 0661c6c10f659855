import type { CsvRow } from '#csv/csv-file.js';
import { Refusal } from '#kernel/refusal.js';

import { manufacturerNameKeyOf, modelKeyOf } from '../../codes.js';
import { makerGroupOf } from '../../manufacturer/maker-group.js';
import { resolveManufacturer } from '../../manufacturer/resolve-manufacturer.js';
import type { ListedFacts } from '../../product/commands.js';
import { findLookAlike, shownLookAlike } from '../../product/find-look-alike.js';
import { isDeclined } from '../../product/listed-names.js';
import { identityOf } from '../../product/names.js';
import { newerListThan } from '../../product/reconcile.js';
import type { ProductRegistry } from '../../registry.js';
import type { RowOutcome } from '../events.js';
import { type BatteryColumn, cecBatteries } from '../layouts/cec-batteries.js';
import { cellProblem } from '../normalise/cell.js';
import { type Candidate, Candidates } from './candidates.js';
import { hasEqualValues } from './equal-values.js';
import { FirstMentions } from './first-mentions.js';
import type { NamesInFile } from './names-in-file.js';
import type { RegisteredNames } from './registered-names.js';
import type { SimilarMakers } from './similar-makers.js';

type Row = CsvRow<BatteryColumn>;

/** Thrown in place of a registration: the row seems to be about a product that is known. */
export class SeemsKnown extends Error {
  override readonly name = 'SeemsKnown';

  constructor(readonly outcome: RowOutcome) {
    super('the row registers nothing');
  }
}

/** What the file said before of a row's name. */
export interface SeenName {
  /** Manufacturers that look like the row's. */
  readonly earlier: readonly string[];
  /** The row that names the same model of one of them. */
  readonly sameModel: number | undefined;
}

/** Rows that seem to be about a product which is known under another name: they wait for a person, who decides. */
export class SeemingRows {
  private readonly models: FirstMentions;
  private readonly candidates: Candidates;

  constructor(
    rows: number,
    private readonly makers: SimilarMakers,
    registered: RegisteredNames,
    names: NamesInFile,
  ) {
    this.models = new FirstMentions(rows);
    this.candidates = new Candidates(makers, registered, names);
  }

  /** Remembers the row's name. Called with the rows in the order of the file. */
  note({ manufacturer, model }: ListedFacts, { row }: Row): SeenName {
    const key = `${makerGroupOf(manufacturer)}\n${modelKeyOf(model)}`;
    const first = this.models.note(key, row, manufacturerNameKeyOf(manufacturer));
    return {
      earlier: this.makers.note(manufacturer),
      sameModel: first && !first.isSame ? first.row : undefined,
    };
  }

  /** Throws `SeemsKnown` where the row registers nothing. */
  async refuse(
    registry: ProductRegistry,
    row: Row,
    facts: ListedFacts,
    { earlier, sameModel }: SeenName = nothingSeen,
  ): Promise<void> {
    const found = await this.candidates.find(registry, facts, earlier);
    const { candidate } = found;
    if (candidate) {
      // Nearer than a product of another manufacturer; it is refused by what registers.
      const isNearer = candidate.kind === 'transfer' && (await hasLookAlike(registry, facts));
      if (!isNearer) throw new SeemsKnown(seemingRow(row, facts, candidate));
    } else if (sameModel !== undefined && !found.isDeclined) {
      const reason = `looks like the manufacturer of row ${String(sameModel)}, which names the same model`;
      const problems = [cellProblem(cecBatteries, row, 'manufacturer', reason)];
      throw new SeemsKnown({ row: row.row, outcome: 'needsReview', problems });
    }
  }

  /** Whether the row registers a product, as far as `refuse` tells. */
  async isOwn(...asked: Parameters<SeemingRows['refuse']>): Promise<boolean> {
    try {
      await this.refuse(...asked);
      return true;
    } catch (error) {
      if (error instanceof SeemsKnown) return false;
      throw error;
    }
  }

  /** What is proposed where a row was refused since its model looks like another one of its manufacturer. */
  async respelled(
    registry: ProductRegistry,
    facts: ListedFacts,
    error: unknown,
  ): Promise<Pick<RowOutcome, 'productId' | 'proposal'> | undefined> {
    if (!(error instanceof Refusal) || error.code !== 'MODEL_LOOKS_ALIKE') return undefined;
    const productId = String(error.details['productId']);
    const { state } = await registry.products.refresh(productId);
    if (state.status === 'absent' || !hasEqualValues(facts, state)) return undefined;
    if (newerListThan(facts, state) !== undefined) return undefined;
    if (await this.candidates.isNamedByFile(registry, state)) return undefined;
    const maker = await resolveManufacturer(registry, identityOf(state).manufacturerId);
    const manufacturer = maker?.state.name ?? facts.manufacturer;
    return { productId, proposal: { kind: 'rename', manufacturer, model: state.model } };
  }
}

const nothingSeen: SeenName = { earlier: [], sameModel: undefined };

const hasLookAlike = async (registry: ProductRegistry, facts: ListedFacts): Promise<boolean> => {
  const maker = await resolveManufacturer(registry, facts.manufacturer);
  const isOther = (state: Candidate['state']) => isDeclined(state, facts);
  return maker !== undefined && !!(await findLookAlike(registry, maker, facts.model, isOther));
};

/** In a list that is older than what the product was last named by, it changes nothing, as any row of such a list. */
const seemingRow = (row: Row, facts: ListedFacts, candidate: Candidate): RowOutcome => {
  const { productId, state, maker, kind, newer } = candidate;
  const { model, code } = state;
  const manufacturer = maker.state.name;
  const seems = `"${facts.manufacturer}" "${facts.model}" seems to be ${shownLookAlike({ productId, model, code })} of "${manufacturer}"`;
  const said = (why: string) => [cellProblem(cecBatteries, row, 'manufacturer', `${seems}${why}`)];
  if (newer !== undefined) {
    const why = `, which the list of ${newer} named: this one is of ${String(facts.asOf)}, and changes nothing`;
    return { row: row.row, outcome: 'unchanged', productId, problems: said(why) };
  }
  const why =
    kind === 'rename'
      ? ', written differently'
      : ' under another manufacturer: its values are equal';
  return {
    ...{ row: row.row, outcome: 'needsReview', productId, problems: said(why) },
    proposal: { kind, manufacturer, model },
  };
};
