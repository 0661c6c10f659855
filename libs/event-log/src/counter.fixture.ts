import { randomUUID } from 'node:crypto';

import { Type } from 'typebox';

import type { Command, CommandMeta } from '#kernel/command.js';
import type { Decider, Key } from '#kernel/decider.js';
import { type EventOf, eventTypes } from '#kernel/event-types.js';
import { Refusal } from '#kernel/refusal.js';
import { closed, name } from '#kernel/schema.js';

/** The smallest category that has everything: a change, "already so", a refusal and a key. */
const counterEvents = eventTypes({
  Counted: {
    about: 'The count changed.',
    data: closed({ by: Type.Number() }),
    example: { by: 1 },
  },
  CounterNamed: {
    about: 'The counter has a name.',
    data: closed({ name: name('Claimed as a key.') }),
    example: { name: 'n' },
  },
});
export type CounterEvent = EventOf<typeof counterEvents>;
export type CounterCommand =
  Command<'Count', { readonly by: number }> | Command<'NameCounter', { readonly name: string }>;

export interface CounterState {
  readonly total: number;
  readonly name: string | null;
}

export const counterName = (name: string): Key => ({ kind: 'counterName', value: name });

export const counterDecider: Decider<CounterState, CounterCommand, CounterEvent> = {
  category: 'counter',
  events: counterEvents,
  initialState: { total: 0, name: null },
  decide: (command, state) => {
    if (command.type === 'NameCounter') {
      if (state.name === command.data.name) return [];
      return [{ type: 'CounterNamed', data: { name: command.data.name } }];
    }
    const { by } = command.data;
    if (by === 0) return [];
    if (state.total + by < 0)
      throw new Refusal('BELOW_ZERO', 'conflict', 'a count is never negative');
    return [{ type: 'Counted', data: { by } }];
  },
  evolve: (state, event) =>
    event.type === 'Counted'
      ? { ...state, total: state.total + event.data.by }
      : { ...state, name: event.data.name },
  keys: ({ name }) => (name === null ? [] : [counterName(name)]),
};

export const meta = (commandId: string = randomUUID()): CommandMeta => ({
  commandId,
  actor: { id: 'tester', kind: 'user', roles: ['curator'] },
  source: 'http',
  occurredAt: '2026-01-02T03:04:05.678Z',
  correlationId: randomUUID(),
});
export const count = (by: number, commandId?: string): CounterCommand => ({
  type: 'Count',
  data: { by },
  meta: meta(commandId),
});
export const nameIt = (value: string): CounterCommand => ({
  type: 'NameCounter',
  data: { name: value },
  meta: meta(),
});
