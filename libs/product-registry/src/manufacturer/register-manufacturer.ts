import { type CommandResult, handleCommand } from '#event-log/handle-command.js';
import { type ClaimedKey, claimKey, KeyTaken } from '#event-log/key/claim-key.js';
import { retryForfeited } from '#event-log/key/retry-forfeited.js';
import { Refusal } from '#kernel/refusal.js';

import { manufacturerNameKeyOf } from '../codes.js';
import type { ProductRegistry } from '../registry.js';
import { claimEntityCode, refuseUnclaimable } from './claim-entity-code.js';
import { RegisterManufacturer } from './commands.js';
import { manufacturerExists, manufacturerNameKey } from './decider.js';
import { holderOfName } from './resolve-manufacturer.js';

/**
 * Registers a manufacturer with its names and, where wished for, a code. The keys are claimed
 * first and then used in one append.
 *
 * Throws `MANUFACTURER_EXISTS` (details: `manufacturerId`) where one of the names belongs to another,
 * `ENTITY_CODE_TAKEN`, `ENTITY_CODE_INVALID`, `NAME_EMPTY`, and what `handleCommand` throws.
 */
export const registerManufacturer = (
  registry: ProductRegistry,
  command: RegisterManufacturer,
): Promise<CommandResult> =>
  retryForfeited(async () => {
    const { manufacturerId: id, data, meta } = command;
    const { log, manufacturers } = registry;
    const names = [...new Set([data.name, ...data.aliases].map(manufacturerNameKeyOf))];
    if (names.includes('')) throw emptyName();
    const before = await manufacturers.refresh(id);
    if (before.state.status === 'registered') return handleCommand(log, manufacturers, id, command);
    await refuseKnown(registry, [data.name, ...data.aliases]);
    if (data.code) await refuseUnclaimable(registry, id, data.code);
    const [claims, code] = await allOf(
      claimNames(registry, id, names, command),
      data.code
        ? claimEntityCode(registry, id, data.name, data.code, meta)
        : Promise.resolve(undefined),
    );
    const decided = new RegisterManufacturer(id, data, meta, { code: code?.value ?? null });
    return handleCommand(log, manufacturers, id, decided, {
      claims: code ? [...claims, code] : claims,
    });
  });

/** Before any key is claimed: a maker that is registered already must not use up a code. */
const refuseKnown = async (registry: ProductRegistry, names: readonly string[]): Promise<void> => {
  for (const name of names) {
    const known = await holderOfName(registry, name);
    if (known !== undefined) throw manufacturerExists(known);
  }
};

const claimNames = async (
  { log, manufacturers }: ProductRegistry,
  id: string,
  names: readonly string[],
  { meta }: RegisterManufacturer,
): Promise<readonly ClaimedKey[]> => {
  const claims: ClaimedKey[] = [];
  for (const name of names) {
    try {
      claims.push(await claimKey(log, manufacturers, manufacturerNameKey(name), id, meta));
    } catch (error) {
      throw error instanceof KeyTaken ? manufacturerExists(error.owner) : error;
    }
  }
  return claims;
};

export const emptyName = () =>
  new Refusal('NAME_EMPTY', 'unprocessable', 'a manufacturer needs a name', {
    errors: [{ pointer: '/name', reason: 'expected at least one visible character' }],
  });

/** Waits for both, then throws the first failure: no claim goes on behind the caller's back. */
const allOf = async <A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> => {
  await Promise.allSettled([first, second]);
  return Promise.all([first, second]);
};
