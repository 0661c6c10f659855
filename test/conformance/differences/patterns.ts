import { ANY, streamNameFilter } from '@eventstore/db-client';

import { until } from '#testing/until.js';

import { follow } from '../follow.js';
import { appendTo, marker, newStream, own, thing } from '../support.js';
import { answerOf, type Difference } from './difference.js';

const INVALID = '3 INVALID_ARGUMENT';
const MATCHES = 'what matches comes';

/** What comes of following the streams that a pattern finds: one that it should find is written. */
const following =
  (regex: string): Difference['measure'] =>
  async (store) => {
    const fromPosition = await marker(store);
    const stream = newStream('pattern-aab');
    await appendTo(store, stream, thing(), ANY);
    const filter = streamNameFilter({ regex: regex.replace('OWN', own) });
    const followed = follow(store.client, { fromPosition, filter });
    const { events } = followed;
    const isOver = (): boolean => followed.caughtUp > 0 || followed.error !== undefined;
    await until(`a follower by ${regex} is live or refused`, isOver);
    await followed.stop();
    if (followed.error !== undefined) return answerOf(Promise.reject(followed.error));
    // Others that are asked at the same time write, too.
    const written = events.filter(({ event }) => event?.streamId === stream);
    return written.length === 1 ? MATCHES : `${written.length} events come`;
  };

const bounded =
  'The node matches by RE2, in time that grows with the name alone: no pattern holds it up.';

export const patternDifferences: readonly Difference[] = [
  {
    key: 'pattern-that-is-none',
    situation: 'A filter whose regular expression is none: `(`',
    node: INVALID,
    server: '2 UNKNOWN',
    why: 'The caller is told what is wrong.',
    measure: following('('),
  },
  {
    key: 'pattern-that-looks-ahead',
    situation: 'A regular expression that looks ahead in its middle: `a(?=b)`',
    node: INVALID,
    server: MATCHES,
    why: bounded,
    measure: following('OWN\\.pattern-aa(?=b)'),
  },
  {
    key: 'pattern-that-looks-behind',
    situation: 'A regular expression that looks behind in its middle: `(?<=a)b`',
    node: INVALID,
    server: MATCHES,
    why: bounded,
    measure: following('OWN\\.pattern-aa(?<=a)b'),
  },
  {
    key: 'pattern-that-backtracks',
    situation: 'A regular expression made to backtrack: `^(a+)+$`, and a name of 900 letters',
    node: 'live at once',
    server: 'a thread is busy for ever',
    why: `${bounded} Never send one to a server.`,
    onlyNode: true,
    measure: async (store) => {
      const fromPosition = await marker(store);
      await appendTo(store, `${'a'.repeat(900)}-${own}`, thing(), ANY);
      const filter = streamNameFilter({ regex: '^(a+)+$' });
      const followed = follow(store.client, { fromPosition, filter });
      await until('a follower by a pattern is live', () => followed.caughtUp > 0);
      await followed.stop();
      return 'live at once';
    },
  },
];
