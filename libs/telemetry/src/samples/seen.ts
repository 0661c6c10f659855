import type { Message, Seen } from './events.js';

export const nothingSeen: Seen = { sessions: [], hashes: [] };

/** What a stream remembers at most: each of its events carries it. Older repetitions still double no sample. */
const maxSessions = 16;
const maxRanges = 32;
const maxHashes = 32;

type Range = readonly number[];

/** Whether the stream holds the message. */
export const holdsMessage = ({ sessions }: Seen, { session, seq }: Message): boolean =>
  sessions
    .find((one) => one.session === session)
    ?.ranges.some(([from = 0, to = from]) => from <= seq && seq <= to) === true;

/** With the message, which becomes the newest. */
export const withMessage = ({ sessions, hashes }: Seen, { session, seq }: Message): Seen => {
  const ranges = sessions.find((one) => one.session === session)?.ranges ?? [];
  const others = sessions.filter((one) => one.session !== session);
  const now = { session, ranges: withNumber(ranges, seq).slice(-maxRanges) };
  return { sessions: [...others, now].slice(-maxSessions), hashes };
};

/** With a block that came without a number. */
export const withHash = ({ sessions, hashes }: Seen, hash: string): Seen => ({
  sessions,
  hashes: [...hashes.filter((one) => one !== hash), hash].slice(-maxHashes),
});

/** The ranges in ascending order, with `seq` in one of them. */
const withNumber = (ranges: readonly Range[], seq: number): Range[] => {
  const joined: Range[] = [];
  let [first, last] = [seq, seq];
  for (const range of ranges) {
    const [from = 0, to = from] = range;
    if (to < first - 1 || from > last + 1) joined.push(range);
    else [first, last] = [Math.min(first, from), Math.max(last, to)];
  }
  return [...joined, [first, last]].sort(([a = 0], [b = 0]) => a - b);
};
