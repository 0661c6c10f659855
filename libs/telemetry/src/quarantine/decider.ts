import type { Command, CommandOf } from '#kernel/command.js';
import type { Decider } from '#kernel/decider.js';
import { Refusal } from '#kernel/refusal.js';

import { quarantineCategory, type QuarantineEvent, quarantineEvents } from './events.js';

export type Quarantined = Extract<QuarantineEvent, { type: 'MessageQuarantined' }>['data'];
/** What became of a message that was sent in again: nothing is wrong where there are no problems. */
export type Replayed = Extract<QuarantineEvent, { type: 'QuarantinedReplayFailed' }>['data'];

/**
 * The outcome is found after the request came and before it is decided. It is none of the command's data:
 * the same request again finds another one, and is the same request.
 */
export type ReplayQuarantined = Command<'ReplayQuarantined'> & {
  readonly outcome?: Replayed;
};

export type QuarantineCommand =
  ReplayQuarantined | CommandOf<{ QuarantineMessage: Quarantined; DiscardQuarantined: object }>;

export type QuarantineState =
  | { readonly status: 'absent' }
  | { readonly status: 'waiting' | 'replayed' | 'discarded'; readonly message: Quarantined };

export const unknownQuarantined = () =>
  new Refusal('QUARANTINED_UNKNOWN', 'not-found', 'no such message is in the quarantine');

const settled = (status: string) =>
  new Refusal('QUARANTINED_SETTLED', 'conflict', `the message was ${status} already`);

/** Without an outcome it is decided as if all went well. */
const replay = (
  { taken, problems }: Replayed = { taken: 0, problems: [] },
  before: Quarantined,
): readonly QuarantineEvent[] => {
  if (problems.length === 0) return [{ type: 'QuarantinedReplayed', data: { taken } }];
  const isNews = JSON.stringify(problems) !== JSON.stringify(before.problems);
  return isNews ? [{ type: 'QuarantinedReplayFailed', data: { taken, problems } }] : [];
};

export const quarantineDecider: Decider<QuarantineState, QuarantineCommand, QuarantineEvent> = {
  category: quarantineCategory,
  events: quarantineEvents,
  initialState: { status: 'absent' },
  decide(command, state) {
    if (command.type === 'QuarantineMessage') {
      if (state.status !== 'absent') return [];
      return [{ type: 'MessageQuarantined', data: command.data }];
    }
    if (state.status === 'absent') throw unknownQuarantined();
    const wanted = command.type === 'ReplayQuarantined' ? 'replayed' : 'discarded';
    if (state.status === wanted) return [];
    if (state.status !== 'waiting') throw settled(state.status);
    return command.type === 'ReplayQuarantined'
      ? replay(command.outcome, state.message)
      : [{ type: 'QuarantinedDiscarded', data: {} }];
  },
  evolve(state, event) {
    if (event.type === 'MessageQuarantined') return { status: 'waiting', message: event.data };
    if (state.status === 'absent') return state;
    switch (event.type) {
      case 'QuarantinedReplayFailed':
        return { ...state, message: { ...state.message, problems: event.data.problems } };
      case 'QuarantinedReplayed':
        return { ...state, status: 'replayed' };
      case 'QuarantinedDiscarded':
        return { ...state, status: 'discarded' };
    }
  },
};
