import type { CommandOf } from '#kernel/command.js';
import type { Decider } from '#kernel/decider.js';

import { accessDenialCategory, type AccessDenialEvent, accessDenialEvents } from './events.js';

type DataOf<T extends AccessDenialEvent['type']> = Extract<AccessDenialEvent, { type: T }>['data'];

export type AccessDenialCommand = CommandOf<{
  NoteAccessDenied: DataOf<'AccessDenied'>;
  CountAccessDenials: DataOf<'AccessDenialsCounted'>;
}>;

/** Routes on which this principal was refused in this hour. */
export type AccessDenialState = ReadonlySet<string>;

export const accessDenialDecider: Decider<
  AccessDenialState,
  AccessDenialCommand,
  AccessDenialEvent
> = {
  category: accessDenialCategory,
  events: accessDenialEvents,
  initialState: new Set(),
  decide(command, routes) {
    switch (command.type) {
      case 'NoteAccessDenied':
        // Another process may have noted it first.
        return routes.has(command.data.route) ? [] : [{ type: 'AccessDenied', data: command.data }];
      case 'CountAccessDenials':
        return [{ type: 'AccessDenialsCounted', data: command.data }];
    }
  },
  evolve(routes, event) {
    switch (event.type) {
      case 'AccessDenied':
        return new Set(routes).add(event.data.route);
      case 'AccessDenialsCounted':
        return routes;
    }
  },
};
