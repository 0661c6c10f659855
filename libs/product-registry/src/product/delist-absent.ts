import {
  type CommandResult,
  handleCommand,
  type HandleOptions,
} from '#event-log/handle-command.js';
import type { CommandMeta } from '#kernel/command.js';

import type { ProductRegistry } from '../registry.js';
import { WithdrawListing } from './commands.js';

/** A product that a list does not name any more. */
export interface AbsentProduct {
  readonly productId: string;
  /** Who lists it, such as `CEC`. */
  readonly agency: string;
  /** Such as `cec-batteries`. */
  readonly list: string;
  /** The date of the list that does not name it; null where nobody knows it. */
  readonly asOf: string | null;
  /** The products that the same list names: one of them may have been merged into this one since. */
  readonly named?: ReadonlySet<string>;
}

/**
 * Somebody confirms that a product is gone from a list: its listing is withdrawn as the list's word, so that a later list
 * that names the product publishes it again. Of a product whose listing is withdrawn already, nothing changes.
 *
 * Throws `PRODUCT_LISTED_AGAIN` (`conflict`) where a newer list named it, or this one a product that it answers for, `LISTING_UNKNOWN`, `PRODUCT_MERGED`, and what
 * `handleCommand` throws.
 */
export const delistAbsent = (
  { log, products }: ProductRegistry,
  { productId, agency, list, asOf, named }: AbsentProduct,
  meta: CommandMeta,
  options: HandleOptions = {},
): Promise<CommandResult> => {
  const data = { agency, list, ...(asOf !== null && { asOf }) };
  const command = new WithdrawListing(productId, data, meta, named);
  return handleCommand(log, products, productId, command, options);
};
