import { isDerived, linkRecord, membershipOf } from './derived-streams.js';
import { baseOf, type RecordedEvent } from './event.js';
import type { Node } from './node.js';
import { type LogReader, PAGE_EVENTS } from './read-log.js';
import type { From } from './read-plan.js';
import { endOf } from './stream-state.js';
import { type StreamWindow, streamWindow } from './stream-window.js';

/** A stream at one moment, be it written or derived. */
export interface StreamSource {
  readonly stream: string;
  /** What it shows; undefined when there is no such stream. */
  readonly window: StreamWindow | undefined;
  /** Its last revision, visible or not; -1 when it never had an event. */
  readonly last: bigint;
  readonly pages: Pick<LogReader, 'stream'>;
  /** Every event of the log up to this position is taken into account. */
  readonly position: bigint;
  /**
   * Returns what events of the log add to the stream. Must be called with every event behind
   * `position`, once and in order: a derived stream counts its links.
   */
  readonly added: (events: readonly RecordedEvent[]) => readonly RecordedEvent[];
}

/** Finds a stream; throws `stream-deleted` when it was deleted for good. */
export const openStream = (node: Node, stream: string): Promise<StreamSource> =>
  isDerived(stream) ? openDerived(node, stream) : openWritten(node, stream);

const openWritten = async (
  { states, reader, recent }: Node,
  stream: string,
): Promise<StreamSource> => {
  // Before the state, which then includes every event up to it.
  const position = recent.head;
  const state = await states.get(baseOf(stream));
  return {
    stream,
    window: streamWindow(stream, state),
    last: endOf(state, stream).revision,
    pages: reader,
    position,
    added: (events) => events.filter((event) => event.stream === stream),
  };
};

const openDerived = async ({ derived }: Node, stream: string): Promise<StreamSource> => {
  const { position, last } = await derived.end(stream);
  const belongs = membershipOf(stream);
  let next = last + 1n;
  return {
    stream,
    window: last < 0n ? undefined : { first: 0n, last, createdFrom: 0n },
    last,
    pages: derived,
    position,
    added: (events) => events.filter(belongs).map((event) => linkRecord(stream, next++, event)),
  };
};

export interface Range {
  /** The first revision to be read, inclusive. */
  readonly from: From;
  readonly backwards: boolean;
  readonly limit: number;
}

/** Visible events of a stream in pages, none of which is empty. */
export async function* visiblePages(
  { stream, window, pages }: StreamSource,
  { from, backwards, limit }: Range,
): AsyncGenerator<readonly RecordedEvent[], void> {
  if (window === undefined) return;
  let { first, last } = window;
  if (typeof from === 'bigint') {
    if (backwards) last = from < last ? from : last;
    else first = from > first ? from : first;
  } else if (from === 'start' && backwards) last = 0n;
  let left = limit;
  while (left > 0 && first <= last) {
    const range = { stream, first, last, createdFrom: window.createdFrom };
    const page = await pages.stream(range, backwards, Math.min(left, PAGE_EVENTS));
    const end = page.events.at(-1);
    if (end === undefined) return;
    yield page.events;
    if (page.complete) return;
    left -= page.events.length;
    if (backwards) last = end.revision - 1n;
    else first = end.revision + 1n;
  }
}
