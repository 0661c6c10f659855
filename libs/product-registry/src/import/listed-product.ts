import type { ElementValue, ProductType } from '../product/events.js';
import type { RowProblem } from './events.js';

/**
 * What one row of a published list says of one product, in our terms.
 *
 * Three cases are told apart everywhere: a value, `null` where the list has the column and leaves it
 * blank, and a missing key where the list has no such column and hence says nothing.
 */
export interface ListedProduct {
  /** Stored literal, such as `cec-batteries`. */
  readonly list: string;
  readonly productType: ProductType;
  readonly manufacturer: string;
  readonly model: string;
  /** The cells' texts, where they differ from the two above. */
  readonly raw?: { readonly manufacturer?: string; readonly model?: string };
  /** By Orange Button name. */
  readonly elements: Readonly<Record<string, ElementValue | null>>;
  readonly certification?: ListedCertification | null;
  readonly listing: ListedQualification;
}

export interface ListedCertification {
  readonly agency: string;
  readonly standard: string;
  readonly edition?: string | null;
  /** ISO 8601 date. */
  readonly certificateDate?: string | null;
  readonly raw?: Readonly<Record<string, string>>;
}

export interface ListedQualification {
  readonly agency: string;
  /** ISO 8601 dates. */
  readonly listingDate?: string | null;
  readonly lastUpdate?: string | null;
  readonly notes?: string | null;
  readonly remarks: Readonly<Record<string, string | null>>;
}

/** A row as it was read. `problems` flag what was kept raw; with `reject` nothing of the row is used. */
export type NormalisedRow =
  | {
      readonly row: number;
      readonly product: ListedProduct;
      readonly problems: readonly RowProblem[];
      readonly needsReview: boolean;
    }
  | { readonly row: number; readonly rejected: readonly RowProblem[] };
