import { randomUUID } from 'node:crypto';
import { finished } from 'node:stream';

import type { EventStoreDBClient } from '@eventstore/db-client';

import { appendError, deniesAccess } from './esdb-errors.js';
import {
  type ExpectedRevision,
  LogAccessDenied,
  type NewEvent,
  OutcomeUnknown,
} from './event-log.js';
import type { NewRawEvent } from './raw-log.js';
import { type AppendCall, openBatchAppend } from './streams-client.js';
import { type AppendReply, type Confirmed, encodeAppend } from './wire-append.js';

interface Pending {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  readonly resolve: (confirmed: Confirmed) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

interface Call {
  readonly duplex: AppendCall;
  readonly pending: Map<string, Pending>;
  answered: boolean;
}

/**
 * Appends over one BatchAppend call at a time, many at once on it. The client's own batch append keeps the
 * pending calls of all streams of the process in one map, rejects all of them when any stream breaks, dies
 * on a late reply and has no time-out. This one keeps its pending calls to itself.
 */
export class BatchAppender {
  private call: Promise<Call> | undefined;
  private heardAt = performance.now();
  private isOver = false;
  private underWay = 0;
  private whenIdle: (() => void) | undefined;

  /** `reopens`: false has every append refused when the first call is over. */
  constructor(
    private readonly client: EventStoreDBClient,
    private readonly reopens = true,
  ) {}

  /**
   * Rejects with what the server answered, or with `OutcomeUnknown` when it has not answered within
   * `timeoutMs` or the call broke.
   */
  async append(
    stream: string,
    events: readonly (NewEvent | NewRawEvent)[],
    expected: ExpectedRevision,
    timeoutMs: number,
  ): Promise<Confirmed> {
    this.underWay += 1;
    try {
      return await this.send(stream, events, expected, timeoutMs);
    } finally {
      this.underWay -= 1;
      if (this.underWay === 0) this.whenIdle?.();
    }
  }

  private async send(
    stream: string,
    events: readonly (NewEvent | NewRawEvent)[],
    expected: ExpectedRevision,
    timeoutMs: number,
  ): Promise<Confirmed> {
    const correlation = randomUUID();
    const messages = encodeAppend({ correlation, stream, expected }, events);
    const { duplex, pending } = await withTimeout(this.open(), timeoutMs);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        pending.delete(correlation);
        reject(new OutcomeUnknown(`append to ${stream}: no answer within ${String(timeoutMs)} ms`));
      }, timeoutMs);
      pending.set(correlation, { stream, expected, resolve, reject, timer });
      for (const message of messages) duplex.write(message);
    });
  }

  /** Milliseconds since the server last answered anything: one slow append does not make a dead line. */
  silentMs(): number {
    return performance.now() - this.heardAt;
  }

  /** Gives the call up as soon as nothing is pending on it. */
  async retire(): Promise<void> {
    if (this.underWay > 0) {
      await new Promise<void>((resolve) => {
        this.whenIdle = resolve;
      });
    }
    this.close();
  }

  /** Gives the call up: what is pending is unknown. The next append opens another. */
  close(): void {
    const { call } = this;
    this.call = undefined;
    // A call that never opened has nothing pending.
    call?.then(
      (open) => {
        breakOff(open, new OutcomeUnknown('the connection was given up'));
      },
      () => undefined,
    );
  }

  private open(): Promise<Call> {
    if (this.isOver && !this.reopens)
      return Promise.reject(new OutcomeUnknown('the connection broke'));
    if (this.call) return this.call;
    const over = (): void => {
      if (this.call === call && this.reopens) this.call = undefined;
      this.isOver = true;
    };
    const call = this.openCall(over).catch((error: unknown) => {
      over();
      throw new OutcomeUnknown('the event store cannot be reached', { cause: error });
    });
    this.call = call;
    return call;
  }

  private async openCall(over: () => void): Promise<Call> {
    const duplex = await openBatchAppend(this.client);
    const call: Call = { duplex, pending: new Map(), answered: false };
    duplex.on('data', (reply: AppendReply) => {
      this.heardAt = performance.now();
      call.answered = true;
      settle(call.pending, reply);
    });
    finished(duplex, (error) => {
      over();
      breakOff(call, brokenBy(error, call.answered));
    });
    return call;
  }
}

const withTimeout = async <T>(promise: Promise<T>, timeoutMs: number): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new OutcomeUnknown(`no connection within ${String(timeoutMs)} ms`));
    }, timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
};

/** A call that was denied before any answer was never taken; otherwise nobody knows. */
const brokenBy = (error: Error | null | undefined, answered: boolean): Error =>
  !answered && deniesAccess(error)
    ? new LogAccessDenied('the event store denies access to appends', { cause: error })
    : new OutcomeUnknown('the connection broke', error ? { cause: error } : undefined);

const breakOff = ({ duplex, pending }: Call, error: Error): void => {
  for (const { reject, timer } of pending.values()) {
    clearTimeout(timer);
    reject(error);
  }
  pending.clear();
  duplex.cancel();
};

const settle = (pending: Map<string, Pending>, reply: AppendReply): void => {
  const waiting = pending.get(reply.correlation);
  // Late: its caller has already been told that the outcome is unknown.
  if (!waiting) return;
  pending.delete(reply.correlation);
  clearTimeout(waiting.timer);
  if (reply.confirmed) {
    waiting.resolve(reply.confirmed);
    return;
  }
  const error = reply.refused?.getError();
  waiting.reject(
    error
      ? appendError(error, waiting.stream, waiting.expected)
      : new OutcomeUnknown('the event store answered an append with nothing'),
  );
};
