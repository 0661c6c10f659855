import { manufacturerNameKeyOf } from '../../codes.js';
import type { ReviewRequest } from '../commands.js';
import type { Absence, ImportEvent, RowOutcome } from '../events.js';
import { isOpenAbsence, isOpenRow, openAbsencesOf, type ReceivedImport } from '../state.js';
import { type ReviewKind, reviewKindOf } from './review-kinds.js';

/** A row that waits for a person. */
export interface OpenRow {
  readonly kind: Exclude<ReviewKind, 'gone'>;
  readonly row: number;
  readonly outcome: RowOutcome;
}

/** A product that the list no longer names. */
export interface OpenAbsence {
  readonly kind: 'gone';
  readonly absence: Absence;
}

export type OpenItem = OpenRow | OpenAbsence;

/** What rows said when they were done last, and what is gone; which of it still waits says the state. */
export class ReviewContents {
  private readonly rows = new Map<number, OpenRow>();
  private readonly absences = new Map<string, OpenAbsence>();
  private readonly products = new Map<number, string>();

  /** The products that rows are about. One that a row only seems to be is among them once somebody accepted that. */
  get named(): Set<string> {
    return new Set(this.products.values());
  }

  /** The events of the import, in their order. */
  note(event: ImportEvent): void {
    if (event.type === 'ImportRowsProcessed') {
      for (const outcome of event.data.rows) this.noteRow(outcome);
    } else if (event.type === 'ImportAbsencesFound') {
      for (const absence of event.data.products) {
        this.absences.set(absence.productId, { kind: 'gone', absence });
      }
    } else if (event.type === 'ImportReviewDecided' && event.data.decision === 'accept') {
      for (const row of event.data.rows) {
        const productId = this.rows.get(row)?.outcome.productId;
        if (productId !== undefined) this.products.set(row, productId);
      }
    }
  }

  openRow(state: ReceivedImport, row: number): OpenRow | undefined {
    return isOpenRow(state, row) ? this.rows.get(row) : undefined;
  }

  openAbsence(state: ReceivedImport, productId: string): OpenAbsence | undefined {
    return isOpenAbsence(state, productId) ? this.absences.get(productId) : undefined;
  }

  /** Rows in the order of the file, then products. */
  open(state: ReceivedImport): readonly OpenItem[] {
    const rows = [...this.rows.values()]
      .filter(({ row }) => isOpenRow(state, row))
      .sort((a, b) => a.row - b.row);
    const ids = [...openAbsencesOf(state)].sort();
    return [...rows, ...ids.flatMap((id) => this.openAbsence(state, id) ?? [])];
  }

  private noteRow(outcome: RowOutcome): void {
    const { row, productId, proposal } = outcome;
    if (productId === undefined || proposal) this.products.delete(row);
    else this.products.set(row, productId);
    const kind = reviewKindOf(outcome);
    if (kind) this.rows.set(row, { kind, row, outcome });
    else this.rows.delete(row);
  }
}

/** Names an item in its import: `r` and the row, `p` and the product. */
export const itemKeyOf = (item: OpenItem): string =>
  item.kind === 'gone' ? `p${item.absence.productId}` : `r${String(item.row)}`;

/** Such a key. */
export const itemKeyPattern = /^(r[1-9]\d{0,9}|p[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** Whether an item comes after the one of that key. */
const isBehind = (item: OpenItem, key: string): boolean => {
  if (item.kind === 'gone') return key.startsWith('r') || itemKeyOf(item) > key;
  return key.startsWith('r') && item.row > Number(key.slice(1));
};

/** Who makes what an item is about, as the list writes it; undefined where the row does not say. */
const manufacturerOf = (item: OpenItem): string | undefined =>
  (item.kind === 'gone' ? item.absence : item.outcome.about)?.manufacturer;

/** The items of a rule that are behind `after`, in their order. What is gone is among them only where the rule names that kind. */
export const itemsOfRule = (
  open: readonly OpenItem[],
  { kind, manufacturer, after }: Pick<ReviewRequest, 'kind' | 'manufacturer' | 'after'>,
): readonly OpenItem[] => {
  const key = manufacturer === undefined ? undefined : manufacturerNameKeyOf(manufacturer);
  return open.filter((item) => {
    const isMeant = kind === undefined ? item.kind !== 'gone' : item.kind === kind;
    if (!isMeant || item.kind === 'other') return false;
    if (after !== undefined && !isBehind(item, after)) return false;
    return key === undefined || manufacturerNameKeyOf(manufacturerOf(item) ?? '') === key;
  });
};
