import { createHash } from 'node:crypto';

/** Longest turn of the event loop that is borne, in milliseconds. */
const borneMs = 50;
/** What the reference work below takes on a machine that this is measured against, in milliseconds. */
const referenceMs = 8;
const tries = 3;

/**
 * The longest turn of the event loop while `work` goes on, in milliseconds of the processor, so that
 * other processes of a busy machine do not count, and what it may be here: more on a slower machine. Of a
 * few tries the best counts: what holds a turn by itself does so each time, a garbage collection does not.
 */
export const longestTurn = async (
  work: () => Promise<unknown>,
): Promise<{ readonly longestMs: number; readonly boundMs: number }> => {
  const boundMs = borneMs * Math.max(1, reference() / referenceMs);
  let longestMs = Infinity;
  for (let attempt = 0; attempt < tries && longestMs >= boundMs; attempt += 1) {
    longestMs = await measured(work);
  }
  return { longestMs, boundMs };
};

const measured = async (work: () => Promise<unknown>): Promise<number> => {
  let longest = 0;
  let last = processorMs();
  let isOver = false;
  const turn = () => {
    const now = processorMs();
    longest = Math.max(longest, now - last);
    last = now;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  try {
    await work();
  } finally {
    isOver = true;
    turn();
  }
  return longest;
};

/** Time of the processor that this process has taken, in milliseconds. */
const processorMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

/** What some work takes that only needs the processor, in milliseconds: of a few tries the best. */
const reference = (): number =>
  Math.min(
    ...Array.from({ length: 5 }, () => {
      const started = processorMs();
      createHash('sha256').update(Buffer.alloc(2_000_000)).digest();
      return processorMs() - started;
    }),
  );
