import type { CommandOf } from '#kernel/command.js';
import type { Decider } from '#kernel/decider.js';

import {
  cyclerSamplesCategory,
  type CyclerSamplesEvent,
  cyclerSamplesEvents,
  type CyclerSamplesRecorded,
} from './events.js';

export type CyclerSamplesCommand = CommandOf<{
  /** The records of one experiment and UTC day. */
  RecordCyclerSamples: Omit<CyclerSamplesRecorded, 'seen'>;
}>;

/** The newest chunks of a stream, the newest last. */
type Seen = CyclerSamplesRecorded['seen'];

const maxSeen = 64;
/** Enough to tell the chunks of a stream apart. */
const hashCharacters = 16;

/**
 * What is decided of records is only whether the same chunk is there already. A repetition that is older than what is
 * remembered doubles no record: of an experiment there is one for each test time.
 */
export const cyclerSamplesDecider: Decider<Seen, CyclerSamplesCommand, CyclerSamplesEvent> = {
  category: cyclerSamplesCategory,
  events: cyclerSamplesEvents,
  initialState: [],
  newestTellsAll: true,
  decide({ data }, before) {
    const hash = data.hash.slice(0, hashCharacters);
    if (before.includes(hash)) return [];
    const seen = [...before.slice(1 - maxSeen), hash];
    return [{ type: 'CyclerSamplesRecorded', data: { ...data, seen } }];
  },
  evolve: (_, { data }) => data.seen,
};
