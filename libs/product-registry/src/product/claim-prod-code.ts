import { type ClaimedKey, claimKey, KeyTaken } from '#event-log/key/claim-key.js';
import type { CommandMeta } from '#kernel/command.js';
import { Refusal } from '#kernel/refusal.js';

import { maxProdCodeLength, prodCodeOf } from '../codes.js';
import type { ProductRegistry } from '../registry.js';
import { prodCodeKey } from './decider.js';

/** Products of one maker whose models look the same in a code. */
const maxClashes = 99;

/**
 * Refuses a model that has no room for a code, without claiming anything: one that is too long, or would
 * be with the number that it needs. Throws `PROD_CODE_TOO_LONG`.
 */
export const refuseTooLong = async (
  registry: ProductRegistry,
  productId: string,
  entityCode: string,
  modelKey: string,
): Promise<void> => {
  const code = prodCodeOf(entityCode, modelKey);
  const roomForNumber = `-${String(maxClashes)}`.length;
  if (code.length + roomForNumber <= maxProdCodeLength) return;
  for (let attempt = 0; attempt <= maxClashes; attempt += 1) {
    const key = prodCodeKey(prodCodeOf(entityCode, modelKey, attempt));
    const holder = await registry.holderOf(registry.products, key);
    if (holder === undefined || holder === productId) return;
  }
};

/**
 * Claims the product's code, with the next free suffix where others of the same code came first. A
 * product that had one of these codes before gets that one again.
 */
export const claimProdCode = async (
  { log, products }: ProductRegistry,
  productId: string,
  entityCode: string,
  modelKey: string,
  meta: CommandMeta,
): Promise<ClaimedKey> => {
  for (let attempt = 0; attempt <= maxClashes; attempt += 1) {
    const code = prodCodeOf(entityCode, modelKey, attempt);
    try {
      return await claimKey(log, products, prodCodeKey(code), productId, meta);
    } catch (error) {
      if (!(error instanceof KeyTaken)) throw error;
    }
  }
  throw new Refusal(
    'PROD_CODES_USED_UP',
    'conflict',
    `${prodCodeOf(entityCode, modelKey)} and its ${String(maxClashes)} suffixes are taken`,
  );
};
