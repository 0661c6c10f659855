import type { ListedFacts } from '../../product/commands.js';
import type { RowProblem } from '../events.js';

/** What one row of a list says, or why nobody can tell. */
export type NormalisedRow<F = ListedFacts> = UsableRow<F> | RejectedRow;

export interface UsableRow<F = ListedFacts> {
  readonly facts: F;
  /** What was kept raw or left out, and what a person should look at. */
  readonly problems: readonly RowProblem[];
  /** What is hard to believe of values that were read all the same. */
  readonly warnings?: readonly RowProblem[];
  /**
   * Pointers to facts whose cells nobody could read, such as `/elements/EnergyCapacityNominal`: they need review
   * until a person has set them.
   */
  readonly unread: readonly string[];
  /** What shows that the name or the model was damaged: nothing is registered by such a row. */
  readonly damage?: RowDamage;
}

export interface RowDamage {
  readonly problems: readonly RowProblem[];
  /** The name and the model as they were before, as far as anybody can tell. */
  readonly meant: { readonly manufacturer: string; readonly model: string };
}

interface RejectedRow {
  /** Nothing of the row is used. */
  readonly rejected: readonly RowProblem[];
}
