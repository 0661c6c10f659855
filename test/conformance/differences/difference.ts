import { status } from '@grpc/grpc-js';

import { NoAnswer } from '../raw.js';
import type { Store } from '../store.js';

/** A situation in which the embedded node answers otherwise than EventStoreDB. */
export interface Difference {
  /** How tests name it. */
  readonly key: string;
  readonly situation: string;
  /** What the node answers, as `measure` puts it. */
  readonly node: string;
  /** What EventStoreDB 23.10.6 answers, as `measure` puts it. */
  readonly server: string;
  /** Why it differs, or what follows for a caller. */
  readonly why: string;
  /** It is tried on the node alone: a server is harmed by it, keeps something of it, or was never asked. */
  readonly onlyNode?: true;
  /** Brings the situation about, in streams of its own, and says what the store answered. */
  readonly measure: (store: Store) => Promise<string>;
}

export const NO_ANSWER = 'no answer';

/** What comes of a call, or the code and the name of the status with which it is refused. */
export const answerOf = async (call: Promise<string>): Promise<string> => {
  try {
    return await call;
  } catch (error) {
    if (error instanceof NoAnswer) return NO_ANSWER;
    const code = (error as { code?: unknown }).code;
    if (typeof code !== 'number') throw error;
    return `${code} ${status[code] ?? 'of no name'}`;
  }
};
