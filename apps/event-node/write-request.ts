import type { Expected, ProposedEvent } from './event.js';

/** Something that changes one stream. `stream` may be a metastream for an append. */
export type WriteRequest =
  | {
      readonly kind: 'append';
      readonly stream: string;
      readonly expected: Expected;
      readonly events: readonly ProposedEvent[];
    }
  | {
      /** Soft (`delete`) or for good (`tombstone`). */
      readonly kind: 'delete' | 'tombstone';
      readonly stream: string;
      readonly expected: Expected;
    };

export type WriteOutcome =
  | {
      readonly kind: 'written';
      /** Last revision of the stream or, when repeated, of the original append; -1 for none. */
      readonly revision: bigint;
      /** Position of the last event, absent when nothing was written. */
      readonly position?: bigint;
    }
  | { readonly kind: 'wrong-version'; /** -1 for none. */ readonly current: bigint }
  | { readonly kind: 'deleted' }
  /** Given up before it was looked at; nothing was written. */
  | { readonly kind: 'timeout' }
  /** Nothing was written; may be tried again later. */
  | { readonly kind: 'unavailable'; readonly message: string };
