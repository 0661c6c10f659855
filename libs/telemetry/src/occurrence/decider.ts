import type { CommandOf } from '#kernel/command.js';
import type { Decider } from '#kernel/decider.js';

import { occurrenceCategory, type OccurrenceEvent, occurrenceEvents } from './events.js';

export type OccurrenceCommand = CommandOf<{ RecordOccurrence: OccurrenceEvent['data'] }>;

/** Of one day, the newest last. */
export type Occurrences = readonly OccurrenceEvent['data'][];

/** What a stream compares a repetition with. */
const remembered = 200;

const textOf = ({ kind, at, details }: OccurrenceEvent['data']): string =>
  JSON.stringify([kind, at, details]);

/** The same thing at the same time happened once, however often it is reported. */
export const occurrenceDecider: Decider<Occurrences, OccurrenceCommand, OccurrenceEvent> = {
  category: occurrenceCategory,
  events: occurrenceEvents,
  initialState: [],
  decide({ data }, before) {
    const text = textOf(data);
    if (before.some((one) => textOf(one) === text)) return [];
    return [{ type: 'OccurrenceRecorded', data }];
  },
  evolve: (before, { data }) => [...before, data].slice(-remembered),
};
