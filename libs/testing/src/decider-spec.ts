import { expect } from 'vitest';

import type { Command, CommandMeta } from '#kernel/command.js';
import type { Decider } from '#kernel/decider.js';
import type { DomainEvent } from '#kernel/event.js';
import { Refusal } from '#kernel/refusal.js';

export interface When<S, C, E> {
  when(command: C): Then<S, E>;
  /** The state that the given events fold to. */
  readonly state: S;
}

export interface Then<S, E> {
  /** Exactly these events, in this order. Returns the state after them. */
  then(...events: readonly E[]): S;
  /** "Already so": no event. */
  thenNothing(): void;
  /** Refused with this code. Returns the refusal, for its message and details. */
  thenRefused(code: string): Refusal;
}

/**
 * Given, when, then for one decider:
 * `given(registered).when(new SetElements(...)).then({ type: 'ElementsSet', data: {...} })`.
 */
export function givenFor<S, C extends Command, E extends DomainEvent>(
  decider: Decider<S, C, E>,
): (...events: readonly E[]) => When<S, C, E> {
  const fold = (state: S, events: readonly E[]): S =>
    events.reduce((folded, event) => decider.evolve(folded, event), state);
  return (...events) => {
    const state = fold(decider.initialState, events);
    return {
      state,
      when: (command) =>
        outcomeOf(
          () => decider.decide(command, state),
          (made) => fold(state, made),
        ),
    };
  };
}

function outcomeOf<S, E>(decide: () => readonly E[], fold: (made: readonly E[]) => S): Then<S, E> {
  return {
    then(...expected) {
      const made = decide();
      expect(made).toEqual(expected);
      return fold(made);
    },
    thenNothing() {
      expect(decide()).toEqual([]);
    },
    thenRefused(code) {
      const refusal = refusalOf(decide);
      expect(refusal.code).toBe(code);
      return refusal;
    },
  };
}

function refusalOf(decide: () => unknown): Refusal {
  let made: unknown;
  try {
    made = decide();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error(`Expected a refusal, got ${JSON.stringify(made)}`);
}

/** The metadata of a command in a test: a curator over HTTP, unless said otherwise. */
export function commandMeta(overrides: Partial<CommandMeta> = {}): CommandMeta {
  return {
    commandId: '00000000-0000-5000-8000-000000000001',
    actor: { id: 'curator-1', kind: 'user', roles: ['curator'] },
    source: 'http',
    occurredAt: '2026-01-02T03:04:05.678Z',
    correlationId: 'correlation-1',
    ...overrides,
  };
}
