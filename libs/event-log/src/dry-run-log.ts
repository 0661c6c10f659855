import {
  type Appended,
  type EventLog,
  type ExpectedRevision,
  type NewEvent,
  type ReadOptions,
  type StoredEvent,
  WrongExpectedRevision,
} from './event-log.js';
import { readOne } from './read-one.js';

/**
 * Another log with changes that nobody else sees: what is appended here is read here, and is gone with
 * this object. A command that is carried out on it shows what it would change in the other log.
 */
export class DryRunLog implements EventLog {
  private readonly appended = new Map<string, readonly StoredEvent[]>();

  constructor(private readonly log: EventLog) {}

  get epoch(): number {
    return this.log.epoch;
  }

  /** The events that would have been appended to the stream. */
  appendedTo(stream: string): readonly StoredEvent[] {
    return this.appended.get(stream) ?? [];
  }

  async append(
    stream: string,
    events: readonly NewEvent[],
    expected: ExpectedRevision,
  ): Promise<Appended> {
    const last = await readOne(this.log, stream, { direction: 'backwards' });
    // No other append comes between this line and the last one.
    const before = this.appendedTo(stream);
    let revision = before.at(-1)?.revision ?? last?.revision ?? -1n;
    if (revision !== (expected === 'no_stream' ? -1n : expected)) {
      throw new WrongExpectedRevision(stream, expected, revision < 0n ? 'no_stream' : revision);
    }
    const position = { commit: 0n, prepare: 0n };
    const stored = events.map((event): StoredEvent => {
      revision += 1n;
      const created = new Date(event.metadata.recordedAt);
      return { ...event, data: { ...event.data }, stream, revision, position, created };
    });
    this.appended.set(stream, [...before, ...stored]);
    return { revision, position };
  }

  async *readStream(stream: string, options: ReadOptions = {}): AsyncGenerator<StoredEvent> {
    const { from, direction, limit = Infinity } = options;
    const isBackwards = direction === 'backwards';
    const own = this.appendedTo(stream).filter(
      ({ revision }) => from === undefined || (isBackwards ? revision <= from : revision >= from),
    );
    let left = limit;
    if (isBackwards) {
      yield* own.reverse().slice(0, left);
      left -= own.length;
      if (left <= 0) return;
    }
    const rest = left === Infinity ? options : { ...options, limit: left };
    for await (const event of this.log.readStream(stream, rest)) {
      left -= 1;
      yield event;
    }
    if (!isBackwards) yield* own.slice(0, left);
  }

  readonly readAll: EventLog['readAll'] = (options) => this.log.readAll(options);
  readonly subscribeToAll: EventLog['subscribeToAll'] = (after, onEvent) =>
    this.log.subscribeToAll(after, onEvent);
  readonly idAt: EventLog['idAt'] = (position) => this.log.idAt(position);
  readonly head: EventLog['head'] = () => this.log.head();

  /** The other log stays open: it has other users. */
  close(): Promise<void> {
    return Promise.resolve();
  }
}
