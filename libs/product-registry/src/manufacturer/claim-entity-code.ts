import { type ClaimedKey, claimKey, KeyTaken } from '#event-log/key/claim-key.js';
import type { CommandMeta } from '#kernel/command.js';
import { Refusal } from '#kernel/refusal.js';

import { derivedEntityCodeOf, entityCodePattern } from '../codes.js';
import type { ProductRegistry } from '../registry.js';
import type { CodeWish } from './commands.js';
import { entityCodeKey } from './decider.js';

/** Makers whose names begin with the same letters, before one has to be given a code by hand. */
const maxClashes = 999;

/**
 * Claims the code that is wished for, or the first free one that follows from the name. Undefined
 * where the name yields none. Throws `ENTITY_CODE_TAKEN` or `ENTITY_CODE_INVALID`.
 */
export const claimEntityCode = async (
  registry: ProductRegistry,
  id: string,
  name: string,
  wish: CodeWish,
  meta: CommandMeta,
): Promise<ClaimedKey | undefined> =>
  wish.rule === 'derived'
    ? claimDerived(registry, id, name, meta)
    : claimNamed(registry, id, wish.code, meta);

/** Refuses a code that cannot be claimed, without claiming anything. Throws as `claimEntityCode` does. */
export const refuseUnclaimable = async (
  registry: ProductRegistry,
  id: string,
  wish: CodeWish,
): Promise<void> => {
  if (wish.rule === 'derived') return;
  if (!entityCodePattern.test(wish.code)) throw invalidCode(wish.code);
  const holder = await registry.holderOf(registry.manufacturers, entityCodeKey(wish.code));
  if (holder !== undefined && holder !== id) throw codeTaken(wish.code, holder);
};

const claimNamed = async (
  registry: ProductRegistry,
  id: string,
  code: string,
  meta: CommandMeta,
): Promise<ClaimedKey> => {
  if (!entityCodePattern.test(code)) throw invalidCode(code);
  try {
    return await claim(registry, id, code, meta);
  } catch (error) {
    throw error instanceof KeyTaken ? codeTaken(code, error.owner) : error;
  }
};

const claimDerived = async (
  registry: ProductRegistry,
  id: string,
  name: string,
  meta: CommandMeta,
): Promise<ClaimedKey | undefined> => {
  for (let attempt = 0; attempt <= maxClashes; attempt += 1) {
    const code = derivedEntityCodeOf(name, attempt);
    if (code === null) return undefined;
    try {
      return await claim(registry, id, code, meta);
    } catch (error) {
      if (!(error instanceof KeyTaken)) throw error;
    }
  }
  return undefined;
};

const claim = (
  { log, manufacturers }: ProductRegistry,
  id: string,
  code: string,
  meta: CommandMeta,
): Promise<ClaimedKey> => claimKey(log, manufacturers, entityCodeKey(code), id, meta);

const codeTaken = (code: string, manufacturerId: string) =>
  new Refusal(
    'ENTITY_CODE_TAKEN',
    'conflict',
    `the code ${code} is or was another manufacturer's; codes are never reused`,
    { manufacturerId },
  );

const invalidCode = (code: string) =>
  new Refusal('ENTITY_CODE_INVALID', 'unprocessable', `"${code}" is no EntityCode`, {
    errors: [{ pointer: '/code', reason: 'expected two to six capital letters or digits' }],
  });
