import type { Decider } from '#kernel/decider.js';
import { Refusal } from '#kernel/refusal.js';

import type { ParkedEventCommand } from './commands.js';
import { parkedEventCategory, type ParkedEventEvent } from './events.js';

/** Nothing is decided by what was asked before: a second retry is a second retry. */
export type ParkedEventState = null;

const requireReason = ({ meta }: ParkedEventCommand): void => {
  if (meta.reason !== undefined && meta.reason.trim() !== '') return;
  throw new Refusal('REASON_MISSING', 'invalid', 'giving an event up needs a reason', {
    errors: [{ pointer: '/reason', reason: 'expected why the event is given up' }],
  });
};

export const parkedEventDecider: Decider<ParkedEventState, ParkedEventCommand, ParkedEventEvent> = {
  category: parkedEventCategory,
  events: { ParkedRetryRequested: true, ParkedDiscarded: true },
  initialState: null,
  decide(command) {
    switch (command.type) {
      case 'RetryParked':
        return [{ type: 'ParkedRetryRequested', data: command.data }];
      case 'DiscardParked':
        requireReason(command);
        return [{ type: 'ParkedDiscarded', data: command.data }];
    }
  },
  evolve: (state) => state,
};
