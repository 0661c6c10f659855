import type { CommandOf } from '#kernel/command.js';
import type { Decider } from '#kernel/decider.js';
import { requireReason } from '#kernel/require-reason.js';

import { relayCategory, type RelayEvent, relayEvents } from './events.js';

type Nothing = Readonly<Record<string, never>>;

export type RelayCommand = CommandOf<{
  PauseRelay: Nothing;
  ResumeRelay: Nothing;
  ResetRelayTopic: { readonly topic: string };
}>;

export interface RelayState {
  readonly paused: boolean;
}

export const relayDecider: Decider<RelayState, RelayCommand, RelayEvent> = {
  category: relayCategory,
  events: relayEvents,
  initialState: { paused: false },
  decide(command, { paused }) {
    switch (command.type) {
      case 'PauseRelay':
        requireReason(command.meta, 'pausing the relay');
        return paused ? [] : [{ type: 'RelayPaused', data: {} }];
      case 'ResumeRelay':
        return paused ? [{ type: 'RelayResumed', data: {} }] : [];
      case 'ResetRelayTopic':
        requireReason(command.meta, 'resetting a topic');
        // A second reset is a second reset: what the first one found may have changed.
        return [{ type: 'RelayTopicReset', data: command.data }];
    }
  },
  evolve(state, event) {
    switch (event.type) {
      case 'RelayPaused':
        return { ...state, paused: true };
      case 'RelayResumed':
        return { ...state, paused: false };
      case 'RelayTopicReset':
        return state;
    }
  },
};
