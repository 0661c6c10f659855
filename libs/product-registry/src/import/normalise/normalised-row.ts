import type { ListedFacts } from '../../product/commands.js';
import type { RowProblem } from '../events.js';

/** What one row of a list says, or why nobody can tell. */
export type NormalisedRow<F = ListedFacts> = UsableRow<F> | RejectedRow;

export interface UsableRow<F = ListedFacts> {
  readonly facts: F;
  /** What was kept raw, and what a person should look at. */
  readonly problems: readonly RowProblem[];
  /** Elements whose cells nobody could read: they need review until a person has set them. */
  readonly unread: readonly string[];
}

interface RejectedRow {
  /** Nothing of the row is used. */
  readonly rejected: readonly RowProblem[];
}
