import type { DerivedIndex } from './derived-index.js';
import type { LogReader } from './read-log.js';
import type { RecentEvents } from './recent-events.js';
import type { StreamStates } from './stream-state.js';
import type { Writer } from './writer.js';

/** What the services work with. */
export interface Node {
  readonly writer: Writer;
  /** The readers' own; the writer has others. */
  readonly states: StreamStates;
  readonly reader: LogReader;
  /** Links of `$ce-<category>` and `$et-<type>`. */
  readonly derived: DerivedIndex;
  readonly recent: RecentEvents;
  readonly maxAppendBytes: number;
  readonly maxOpenBytes: number;
  /** Answers as EventStoreDB also where the node's own answer is kinder: see `EVENT_NODE_ANSWERS`. */
  readonly asServer: boolean;
  /** Called with errors that nobody foresaw. */
  readonly report: (error: unknown) => void;
}
