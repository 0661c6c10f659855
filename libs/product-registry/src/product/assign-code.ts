import { type CommandResult, handleCommand } from '#event-log/handle-command.js';
import { retryForfeited } from '#event-log/key/retry-forfeited.js';
import type { CommandMeta } from '#kernel/command.js';

import { entityCodeOf } from '../codes.js';
import type { ProductRegistry } from '../registry.js';
import { claimProdCode } from './claim-prod-code.js';
import { AssignProdCode } from './commands.js';
import { identityOf } from './names.js';

/**
 * Gives a product a code that begins with its maker's EntityCode; nothing where it has one. The codes
 * that it had keep leading to it, and no other product ever gets them.
 *
 * `entityCode` is looked up by the caller now, whatever led to the call: a replay changes nothing. Nor does it
 * where the product is not of `manufacturerId` (any more).
 */
export const assignProdCode = (
  registry: ProductRegistry,
  productId: string,
  entityCode: string,
  meta: CommandMeta,
  manufacturerId?: string,
): Promise<CommandResult | undefined> =>
  retryForfeited(async () => {
    const { log, products } = registry;
    const { state } = await products.refresh(productId);
    // One that was merged has the codes that it had: the product that answers for it has its own.
    if (state.status === 'absent' || state.mergedInto) return undefined;
    if (state.code !== null && entityCodeOf(state.code) === entityCode) return undefined;
    const { modelKey, manufacturerId: own } = identityOf(state);
    if (manufacturerId !== undefined && manufacturerId !== own) return undefined;
    const claim = await claimProdCode(registry, productId, entityCode, modelKey, meta);
    const command = new AssignProdCode(productId, { code: claim.value }, meta);
    return handleCommand(log, products, productId, command, { claims: [claim] });
  });
