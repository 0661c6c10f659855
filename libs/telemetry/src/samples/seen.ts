import type { Part } from './decider.js';
import type { Seen } from './events.js';

export const nothingSeen: Seen = { sessions: [], hashes: [] };

/** What a stream remembers beside the blocks of its newest event; an older repetition still doubles no sample. */
const maxSessions = 16;
const maxFormerHashes = 64;
/** Enough to tell the few blocks of a stream apart. */
const hashCharacters = 16;

const short = (hash: string): string => hash.slice(0, hashCharacters);

/** Whether the stream holds the same block: samples of the same values at the same times, however they came. */
export const holdsBlock = ({ hashes }: Seen): ((hash: string) => boolean) => {
  const held = new Set(hashes);
  return (hash) => held.has(short(hash));
};

/**
 * With what one event adds. All of its own blocks are remembered: after a crash they are what is sent again,
 * since nobody was told that they are stored.
 */
export const withParts = (before: Seen, parts: readonly Part[]): Seen => {
  const highest = new Map(before.sessions.map(({ session, last }) => [session, last]));
  for (const { message } of parts) {
    if (!message) continue;
    const last = Math.max(highest.get(message.session) ?? message.seq, message.seq);
    highest.delete(message.session);
    highest.set(message.session, last);
  }
  const sessions = [...highest].slice(-maxSessions).map(([session, last]) => ({ session, last }));
  const hashes = [
    ...before.hashes.slice(-maxFormerHashes),
    ...parts.map(({ block }) => short(block.hash)),
  ];
  return { sessions, hashes };
};
