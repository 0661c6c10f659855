import { setTimeout as sleep } from 'node:timers/promises';

import { EventStoreDBClient } from '@eventstore/db-client';
import type streams from '@eventstore/db-client/generated/streams_pb.js';

import { AllFollower, positionOf } from './all-follower.js';
import { BatchAppender } from './batch-appender.js';
import { isStreamNotFound, isUnknown, readError } from './esdb-errors.js';
import {
  type AllSubscription,
  type Appended,
  type EventLog,
  type ExpectedRevision,
  LogUnavailable,
  type NewEvent,
  OutcomeUnknown,
  type Page,
  type Position,
  type ReadAllOptions,
  type ReadOptions,
  type StoredEvent,
  StreamGone,
} from './event-log.js';
import { comparePositions } from './position.js';
import type { NewRawEvent, OrderedAppends, RawEvent, RawLog } from './raw-log.js';
import { ReadCall } from './read-call.js';
import { allRequest, streamRequest, subscriptionRequest } from './read-requests.js';
import { readToEnd } from './read-to-end.js';
import { untilAnswered } from './until-answered.js';
import type { Answer } from './wire-event.js';

/** How long one attempt of an append may be silent before the next, and all together, before the outcome is unknown. */
const attemptMs = 2_000;
const outcomeMs = 8_000;
const disposeMs = 500;

/** The event log on EventStoreDB's gRPC protocol. One per process. */
export class EsdbEventLog implements EventLog, RawLog {
  private client: EventStoreDBClient;
  private appender: BatchAppender;
  private closing: Promise<void> | undefined;
  private connections = 0;
  private readonly retiring = new Set<BatchAppender>();
  /** The client ends a subscription in silence when its connection is given up. */
  private readonly subscriptions = new Set<AllFollower>();

  private constructor(private readonly url: string) {
    this.client = EventStoreDBClient.connectionString(url);
    this.appender = new BatchAppender(this.client);
  }

  /** `url`: `esdb://host:port?tls=false` and the like. Connects at the first call. */
  static connect(url: string): EsdbEventLog {
    return new EsdbEventLog(url);
  }

  get epoch(): number {
    return this.connections;
  }

  /**
   * An attempt without an answer is repeated with the same ids and revision: the server compares the
   * ids beyond the expected revision, so that what was stored the first time is confirmed, not doubled.
   * A late answer to an earlier attempt counts as well.
   */
  async append(
    stream: string,
    events: readonly (NewEvent | NewRawEvent)[],
    expected: ExpectedRevision,
  ): Promise<Appended> {
    if (events.length === 0) throw new TypeError(`append to ${stream}: no events`);
    let { client, appender } = this;
    const appended = await untilAnswered(
      (leftMs) => {
        ({ client, appender } = this);
        return appender.append(stream, events, expected, leftMs);
      },
      {
        attemptMs,
        boundMs: outcomeMs,
        beforeRepeat: (number) => {
          // Two silent attempts in a row: the socket may be half open.
          if (number > 1 && appender.silentMs() >= attemptMs) this.reconnect(client);
          return this.closing === undefined;
        },
      },
    );
    const { revision, position = await this.positionAt(stream, revision, events.at(-1)?.id) } =
      appended;
    return { revision, position };
  }

  inOrder(): OrderedAppends {
    // A repetition would come behind those that were sent meanwhile, and another call beside them.
    const appender = new BatchAppender(this.client, false);
    return {
      append: (stream, events, expected) => appender.append(stream, events, expected, outcomeMs),
      close: () => {
        appender.close();
      },
    };
  }

  async *readStream(stream: string, options: ReadOptions = {}): AsyncGenerator<StoredEvent> {
    try {
      for await (const { event } of this.read(streamRequest(stream, options), true)) {
        // Absent where a link's target is gone.
        if (event) yield event;
      }
    } catch (error) {
      if (isStreamNotFound(error)) return;
      throw readError(error);
    }
  }

  readAll(options: ReadAllOptions): Promise<Page> {
    return this.page(options, false);
  }

  async *readRaw(after?: Position): AsyncGenerator<RawEvent, void, undefined> {
    const request = allRequest({ limit: Number.MAX_SAFE_INTEGER, ...(after && { after }) });
    try {
      for await (const entry of this.read(request, true)) {
        const isNew = !after || comparePositions(positionOf(entry), after) > 0;
        if (isNew && entry.event) yield entry.event.raw();
      }
    } catch (error) {
      throw readError(error);
    }
  }

  async tombstone(stream: string): Promise<void> {
    try {
      await this.client.tombstoneStream(stream);
    } catch (error) {
      const failure = readError(error);
      if (!(failure instanceof StreamGone)) throw failure;
    }
  }

  private async page(
    { after, direction, limit }: ReadAllOptions,
    requiresLeader: boolean,
  ): Promise<Page> {
    // The server's read forwards includes the position that it starts at, the one backwards does not.
    const maxCount = after && direction !== 'backwards' ? limit + 1 : limit;
    const request = allRequest({
      limit: maxCount,
      ...(after && { after }),
      ...(direction && { direction }),
    });
    const events: StoredEvent[] = [];
    let considered = 0;
    let next = after;
    try {
      for await (const entry of this.read(request, requiresLeader)) {
        considered += 1;
        const position = positionOf(entry);
        if (after && comparePositions(position, after) === 0) continue;
        next = position;
        if (entry.event && !entry.event.type.startsWith('$')) events.push(entry.event);
      }
    } catch (error) {
      throw readError(error);
    }
    return { events, atEnd: considered < maxCount, ...(next && { next }) };
  }

  async idAt(position: Position): Promise<string | undefined> {
    // One that lags behind may lack the event still.
    const request = allRequest({ after: position, limit: 1 });
    try {
      for await (const entry of this.read(request, true)) {
        if (comparePositions(positionOf(entry), position) === 0) return entry.event?.id;
      }
      return undefined;
    } catch (error) {
      if (!isUnknown(error)) throw readError(error);
      // So EventStoreDB answers where no record begins at the position; a log that is ill fails here too.
      await this.head();
      return undefined;
    }
  }

  async head(): Promise<Position | undefined> {
    return (await this.page({ direction: 'backwards', limit: 1 }, true)).next;
  }

  subscribeToAll(
    after: Position | undefined,
    onEvent: (event: StoredEvent) => void | Promise<void>,
  ): AllSubscription {
    // What happened to the log while none was open went unseen.
    if (this.subscriptions.size === 0) this.connections += 1;
    const follower = new AllFollower(
      (from) => new ReadCall(this.client, subscriptionRequest(from), false),
      after,
      onEvent,
    );
    this.subscriptions.add(follower);
    void follower.ended.then(() => {
      if (!follower.isStopped) this.connections += 1;
      this.subscriptions.delete(follower);
    });
    return follower;
  }

  /** Called again, it does nothing more: a client that is disposed of twice may never answer. */
  close(): Promise<void> {
    this.closing ??= this.closeNow();
    return this.closing;
  }

  private async closeNow(): Promise<void> {
    for (const appender of [this.appender, ...this.retiring]) appender.close();
    await abandon(this.client);
  }

  /**
   * Gives a connection up that does not answer; a read that is under way on it fails. Where appends
   * wait on it, it is left open until they are answered or have waited long enough.
   */
  reconnect(silent: EventStoreDBClient = this.client): void {
    if (this.closing !== undefined || this.client !== silent) return;
    const { appender } = this;
    this.connections += 1;
    this.client = EventStoreDBClient.connectionString(this.url);
    this.appender = new BatchAppender(this.client);
    this.retiring.add(appender);
    void appender.retire().then(() => {
      this.retiring.delete(appender);
      return abandon(silent);
    });
    for (const subscription of this.subscriptions) {
      subscription.destroy(new LogUnavailable('the connection was given up'));
    }
  }

  /** A store may confirm an append that it knew already without its position: the event itself has it. */
  private async positionAt(stream: string, revision: bigint, id?: string): Promise<Position> {
    try {
      for await (const event of this.readStream(stream, { from: revision, limit: 1 })) {
        if (event.revision === revision && event.id === id) return event.position;
      }
    } catch (error) {
      throw new OutcomeUnknown(`append to ${stream}: its position is unknown`, { cause: error });
    }
    throw new OutcomeUnknown(
      `append to ${stream}: confirmed at revision ${String(revision)}, where its last event is not`,
    );
  }

  private read(request: streams.ReadReq, requiresLeader: boolean): AsyncGenerator<Answer> {
    const { client } = this;
    return readToEnd(new ReadCall(client, request, requiresLeader), () => {
      this.reconnect(client);
    });
  }
}

/** `dispose` waits for streams that may never end, and leaves the channel open. */
const abandon = async (client: EventStoreDBClient): Promise<void> => {
  const internals = client as unknown as { getChannel(): Promise<{ close(): void }> };
  const bound = sleep(disposeMs, undefined, { ref: false });
  await Promise.race([client.dispose(), bound]).catch(() => undefined);
  await internals.getChannel().then(
    (channel) => {
      channel.close();
    },
    () => undefined,
  );
};
