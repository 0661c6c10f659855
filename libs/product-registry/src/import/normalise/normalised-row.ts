import type { ListedFacts } from '../../product/commands.js';
import type { RowProblem } from '../events.js';

/** What one row of a list says, or why nobody can tell. */
export type NormalisedRow<F = ListedFacts> = UsableRow<F> | RejectedRow;

export interface UsableRow<F = ListedFacts> {
  readonly row: number;
  readonly facts: F;
  /** What was kept raw, and what a person should look at. */
  readonly problems: readonly RowProblem[];
  readonly needsReview: boolean;
  /** Elements whose cells need review only until a person has set them. */
  readonly unread?: readonly string[];
}

export interface RejectedRow {
  readonly row: number;
  /** Nothing of the row is used. */
  readonly rejected: readonly RowProblem[];
}
