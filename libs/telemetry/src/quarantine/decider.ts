import type { CommandOf } from '#kernel/command.js';
import type { Decider } from '#kernel/decider.js';
import { Refusal } from '#kernel/refusal.js';

import { quarantineCategory, type QuarantineEvent, quarantineEvents } from './events.js';

type Quarantined = Extract<QuarantineEvent, { type: 'MessageQuarantined' }>['data'];

export type QuarantineCommand = CommandOf<{
  QuarantineMessage: Quarantined;
  /** After the samples were taken. */
  CloseReplayed: { readonly taken: number };
  DiscardQuarantined: object;
}>;

export type QuarantineState =
  | { readonly status: 'absent' }
  | { readonly status: 'open' | 'replayed' | 'discarded'; readonly message: Quarantined };

const unknownMessage = () =>
  new Refusal('QUARANTINED_UNKNOWN', 'not-found', 'no such message is in the quarantine');

const settled = (status: string) =>
  new Refusal('QUARANTINED_SETTLED', 'conflict', `the message was ${status} already`);

export const quarantineDecider: Decider<QuarantineState, QuarantineCommand, QuarantineEvent> = {
  category: quarantineCategory,
  events: quarantineEvents,
  initialState: { status: 'absent' },
  decide(command, state) {
    if (command.type === 'QuarantineMessage') {
      if (state.status !== 'absent') return [];
      return [{ type: 'MessageQuarantined', data: command.data }];
    }
    if (state.status === 'absent') throw unknownMessage();
    const wanted = command.type === 'CloseReplayed' ? 'replayed' : 'discarded';
    if (state.status === wanted) return [];
    if (state.status !== 'open') throw settled(state.status);
    return command.type === 'CloseReplayed'
      ? [{ type: 'QuarantinedReplayed', data: { taken: command.data.taken } }]
      : [{ type: 'QuarantinedDiscarded', data: {} }];
  },
  evolve(state, event) {
    if (event.type === 'MessageQuarantined') return { status: 'open', message: event.data };
    if (state.status === 'absent') return state;
    switch (event.type) {
      case 'QuarantinedReplayed':
        return { ...state, status: 'replayed' };
      case 'QuarantinedDiscarded':
        return { ...state, status: 'discarded' };
    }
  },
};
