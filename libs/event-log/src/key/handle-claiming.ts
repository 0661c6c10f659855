import type { Command } from '#kernel/command.js';
import type { Key } from '#kernel/decider.js';
import type { DomainEvent } from '#kernel/event.js';
import { Refusal } from '#kernel/refusal.js';

import type { EventLog } from '../event-log.js';
import {
  type CommandResult,
  concurrentChange,
  handleCommand,
  type HandleOptions,
  settledWithoutAppend,
} from '../handle-command.js';
import type { States } from '../states.js';
import { type ClaimedKey, claimKey, type KeyHolders, KeyTaken } from './claim-key.js';
import { retryForfeited } from './retry-forfeited.js';

/**
 * Carries out a command after it claimed the keys that the new state holds and the present one does not.
 * The append holds only at the revision that this was read from: a change in between could lead to other
 * keys. A key that is given up needs no step of its own, since only what a state holds is refused to others.
 * `others`: states of other categories whose streams may hold such keys too.
 *
 * Throws what `taken` makes of a key that belongs to another, and what `handleCommand` throws.
 */
export const handleClaiming = <S, C extends Command, E extends DomainEvent>(
  log: EventLog,
  states: States<S, C, E>,
  taken: (error: KeyTaken) => Refusal,
  id: string,
  command: C,
  options: HandleOptions = {},
  others: readonly KeyHolders[] = [],
): Promise<CommandResult<S, E>> =>
  retryForfeited(async () => {
    const settled = await settledWithoutAppend(states, id, command, options);
    if (settled) return settled;
    const { state, revision } = states.cached(id) ?? (await states.refresh(id));
    const claims: ClaimedKey[] = [];
    for (const key of newKeys(states, id, command, state)) {
      const claim = claimKey(log, states, key, id, command.meta, others);
      claims.push(
        await claim.catch((error: unknown) => {
          throw error instanceof KeyTaken ? taken(error) : error;
        }),
      );
    }
    return handleCommand(log, states, id, command, { claims, ifMatch: revision }).catch(
      (error: unknown) => {
        throw isStale(error) && options.ifMatch === undefined ? concurrentChange() : error;
      },
    );
  });

const newKeys = <S, C extends Command, E extends DomainEvent>(
  { decider }: States<S, C, E>,
  id: string,
  command: C,
  state: S,
): readonly Key[] => {
  const events = decider.decide(command, state);
  const after = events.reduce<S>((folded, event) => decider.evolve(folded, event), state);
  const held = decider.keys?.(state, id) ?? [];
  const isHeld = (key: Key) =>
    held.some(({ kind, value }) => kind === key.kind && value === key.value);
  return (decider.keys?.(after, id) ?? []).filter((key) => !isHeld(key));
};

const isStale = (error: unknown): boolean => error instanceof Refusal && error.kind === 'stale';
