import type { Decider } from '#kernel/decider.js';
import { Refusal } from '#kernel/refusal.js';

import type { ConsumerCommand, ResetConsumer } from './commands.js';
import { consumerCategory, type ConsumerEvent } from './events.js';

/** Nothing is decided by what was asked before: a second reset is a second reset. */
export type ConsumerControlState = null;

const requirePosition = ({ data: { to } }: ResetConsumer): void => {
  if (to === null || /^(0|[1-9]\d{0,18})$/.test(to)) return;
  throw new Refusal('POSITION_INVALID', 'invalid', `"${to}" is no position of the log`, {
    errors: [{ pointer: '/to', reason: 'expected "start" or a position of the log' }],
  });
};

const requireReason = ({ meta }: ConsumerCommand, what: string): void => {
  if (meta.reason !== undefined && meta.reason.trim() !== '') return;
  throw new Refusal('REASON_MISSING', 'invalid', `${what} needs a reason`, {
    errors: [{ pointer: '/reason', reason: 'expected why' }],
  });
};

export const consumerDecider: Decider<ConsumerControlState, ConsumerCommand, ConsumerEvent> = {
  category: consumerCategory,
  events: { ConsumerReset: true, DeadLettersRetried: true, DeadLetterDiscarded: true },
  initialState: null,
  decide(command) {
    switch (command.type) {
      case 'ResetConsumer':
        requirePosition(command);
        requireReason(command, 'delivering facts again');
        return [{ type: 'ConsumerReset', data: command.data }];
      case 'RetryDeadLetters':
        return [{ type: 'DeadLettersRetried', data: command.data }];
      case 'DiscardDeadLetter':
        requireReason(command, 'giving a dead letter up');
        return [{ type: 'DeadLetterDiscarded', data: command.data }];
    }
  },
  evolve: (state) => state,
};
