import { appendSize } from './decode.js';
import type { ProposedEvent } from './event.js';
import { appendTooLarge } from './failure.js';
import type { Node } from './node.js';

/** One append is one turn of the event loop and one statement. */
const MAX_EVENTS = 20_000;

/** An append that was not decided on within this time is timed out. */
const WRITE_TIMEOUT_MS = 5_000;
const SERVER_WRITE_TIMEOUT_MS = 2_000;

export const writeTimeoutMs = ({ asServer }: Pick<Node, 'asServer'>): number =>
  asServer ? SERVER_WRITE_TIMEOUT_MS : WRITE_TIMEOUT_MS;

/** Bytes of waiting appends from which on no more are read from the connections. */
export const BACKLOG_BYTES = 32 * 1024 * 1024;

/** The events of one append as they arrive; refuses more than the limits allow. */
export class ProposedEvents {
  readonly events: ProposedEvent[] = [];
  bytes = 0;

  constructor(private readonly maxBytes: number) {}

  /** Throws INVALID_ARGUMENT. */
  add(event: ProposedEvent): void {
    this.bytes += appendSize(event);
    if (this.bytes > this.maxBytes) throw appendTooLarge(this.maxBytes);
    if (this.events.length === MAX_EVENTS) {
      // In the form of the other limit, which clients know.
      throw appendTooLarge(this.maxBytes, `An append holds at most ${MAX_EVENTS} events.`);
    }
    this.events.push(event);
  }
}
