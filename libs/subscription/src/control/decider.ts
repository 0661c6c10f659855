import type { Decider } from '#kernel/decider.js';
import { Refusal } from '#kernel/refusal.js';
import { requireReason } from '#kernel/require-reason.js';

import type { ResetSubscription, SubscriptionCommand } from './commands.js';
import { type ControlEvent, controlEvents, subscriptionCategory } from './events.js';

/** Earlier requests decide nothing: a second reset is a second reset. */
export type ControlState = null;

const requirePosition = ({ data: { to } }: ResetSubscription): void => {
  if (to === null || /^(0|[1-9]\d{0,18})$/.test(to)) return;
  throw new Refusal('POSITION_INVALID', 'invalid', `"${to}" is no position of the log`, {
    errors: [{ pointer: '/to', reason: 'expected "start" or a position of the log' }],
  });
};

export const controlDecider: Decider<ControlState, SubscriptionCommand, ControlEvent> = {
  category: subscriptionCategory,
  events: controlEvents,
  initialState: null,
  decide(command) {
    switch (command.type) {
      case 'ResetSubscription':
        requirePosition(command);
        requireReason(command.meta, 'delivering events again');
        return [{ type: 'SubscriptionReset', data: command.data }];
      case 'PauseSubscription':
        return [{ type: 'SubscriptionPaused', data: command.data }];
      case 'ResumeSubscription':
        return [{ type: 'SubscriptionResumed', data: command.data }];
      case 'RebuildProjection':
        return [{ type: 'ProjectionRebuildRequested', data: command.data }];
      case 'DropProjectionVersion':
        return [{ type: 'ProjectionVersionDropped', data: command.data }];
      case 'RetryParkedEvents':
        return [{ type: 'ParkedEventsRetried', data: command.data }];
      case 'DiscardParkedEvent':
        requireReason(command.meta, 'giving an event up');
        return [{ type: 'ParkedEventDiscarded', data: command.data }];
    }
  },
  evolve: (state) => state,
};
