import type { Decider } from '#kernel/decider.js';
import { Refusal } from '#kernel/refusal.js';

import type { RelayCommand } from './commands.js';
import { relayCategory, type RelayEvent, relayEvents } from './events.js';

export interface RelayState {
  readonly paused: boolean;
}

const requireReason = ({ meta }: RelayCommand, what: string): void => {
  if (meta.reason !== undefined && meta.reason.trim() !== '') return;
  throw new Refusal('REASON_MISSING', 'invalid', `${what} needs a reason`, {
    errors: [{ pointer: '/reason', reason: 'expected why' }],
  });
};

export const relayDecider: Decider<RelayState, RelayCommand, RelayEvent> = {
  category: relayCategory,
  events: relayEvents,
  initialState: { paused: false },
  decide(command, { paused }) {
    switch (command.type) {
      case 'PauseRelay':
        requireReason(command, 'pausing the relay');
        return paused ? [] : [{ type: 'RelayPaused', data: {} }];
      case 'ResumeRelay':
        return paused ? [{ type: 'RelayResumed', data: {} }] : [];
      case 'ResetRelayTopic':
        requireReason(command, 'resetting a topic');
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
