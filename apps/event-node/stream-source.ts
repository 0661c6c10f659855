import { isDerived } from './derived-streams.js';
import { baseOf } from './event.js';
import type { Node } from './node.js';
import type { LogReader } from './read-log.js';
import { type StreamWindow, streamWindow } from './stream-window.js';

/** A stream to read from, be it written or derived. */
export interface StreamSource {
  /** What it shows now; undefined when there is no such stream. */
  readonly window: StreamWindow | undefined;
  readonly pages: Pick<LogReader, 'stream'>;
}

/** Finds a stream; throws `stream-deleted` when it was deleted for good. */
export const openStream = async (node: Node, stream: string): Promise<StreamSource> =>
  isDerived(stream)
    ? { window: await node.derived.window(stream), pages: node.derived }
    : {
        window: streamWindow(stream, await node.states.get(baseOf(stream))),
        pages: node.reader,
      };
