import { randomUUID } from 'node:crypto';
import { type Duplex, finished } from 'node:stream';

import type { EventStoreDBClient } from '@eventstore/db-client';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';

import { encode } from './codec.js';
import { appendError, deniesAccess } from './esdb-errors.js';
import {
  type Appended,
  type ExpectedRevision,
  LogAccessDenied,
  type NewEvent,
  OutcomeUnknown,
} from './event-log.js';

/**
 * The client's own batch append keeps the pending calls of all streams of the process in one map,
 * rejects all of them when any stream breaks, dies on a late reply and has no time-out. This one keeps
 * its pending calls to itself; the connection (discovery, TLS, reconnect) stays the client's.
 */
interface ClientInternals {
  GRPCStreamCreator(
    client: unknown,
    name: string,
    creator: (client: { batchAppend(...callArguments: unknown[]): BatchCall }) => BatchCall,
  ): () => Promise<BatchCall>;
  callArguments(options: object, call: object): unknown[];
}

type BatchCall = Duplex & { cancel(): void };

/** A success; a store that recognises a repeated append may leave the position out. */
export type Confirmed = Pick<Appended, 'revision'> & Partial<Pick<Appended, 'position'>>;

interface Pending {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  readonly resolve: (confirmed: Confirmed) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

interface Call {
  readonly duplex: BatchCall;
  readonly pending: Map<string, Pending>;
  answered: boolean;
}

/** Bytes of events in one message of a batch: a server takes 4 MiB a message unless configured. */
const messageBytes = 1024 * 1024;

/** Appends over one BatchAppend call at a time, many at once on it. */
export class BatchAppender {
  private call: Promise<Call> | undefined;
  private heardAt = performance.now();
  private underWay = 0;
  private whenIdle: (() => void) | undefined;

  constructor(private readonly client: EventStoreDBClient) {}

  /**
   * Rejects with what the server answered, or with `OutcomeUnknown` when it has not answered within
   * `timeoutMs` or the call broke.
   */
  async append(
    stream: string,
    events: readonly NewEvent[],
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
    events: readonly NewEvent[],
    expected: ExpectedRevision,
    timeoutMs: number,
  ): Promise<Confirmed> {
    const requests = batchRequests(stream, events, expected);
    const { duplex, pending } = await withTimeout(this.open(), timeoutMs);
    const correlation = randomUUID();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        pending.delete(correlation);
        reject(new OutcomeUnknown(`append to ${stream}: no answer within ${String(timeoutMs)} ms`));
      }, timeoutMs);
      pending.set(correlation, { stream, expected, resolve, reject, timer });
      for (const request of requests) {
        request.setCorrelationId(new shared.UUID().setString(correlation));
        duplex.write(request);
      }
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
    if (this.call) return this.call;
    const over = (): void => {
      if (this.call === call) this.call = undefined;
    };
    const call = this.openCall(over).catch((error: unknown) => {
      over();
      throw new OutcomeUnknown('the event store cannot be reached', { cause: error });
    });
    this.call = call;
    return call;
  }

  private async openCall(over: () => void): Promise<Call> {
    const internals = this.client as unknown as ClientInternals;
    const create = internals.GRPCStreamCreator(streamsGrpc.StreamsClient, 'batchAppend', (client) =>
      client.batchAppend(...internals.callArguments({}, { deadline: Number.POSITIVE_INFINITY })),
    );
    const call: Call = { duplex: await create(), pending: new Map(), answered: false };
    call.duplex.on('data', (reply: InstanceType<typeof streams.BatchAppendResp>) => {
      this.heardAt = performance.now();
      call.answered = true;
      settle(call.pending, reply);
    });
    finished(call.duplex, (error) => {
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

const settle = (
  pending: Map<string, Pending>,
  reply: InstanceType<typeof streams.BatchAppendResp>,
): void => {
  const correlation = correlationOf(reply.getCorrelationId());
  const waiting = pending.get(correlation);
  // Late: its caller has already been told that the outcome is unknown.
  if (!waiting) return;
  pending.delete(correlation);
  clearTimeout(waiting.timer);
  const success = reply.getSuccess();
  const position = success?.getPosition();
  if (success) {
    waiting.resolve({
      revision: BigInt(success.getCurrentRevision()),
      ...(position && {
        position: {
          commit: BigInt(position.getCommitPosition()),
          prepare: BigInt(position.getPreparePosition()),
        },
      }),
    });
    return;
  }
  const error = reply.getError();
  waiting.reject(
    error
      ? appendError(error, waiting.stream, waiting.expected)
      : new OutcomeUnknown('the event store answered an append with nothing'),
  );
};

/** As text, as it was sent: a time-out comes with the same number in two halves. */
const correlationOf = (id: InstanceType<typeof shared.UUID> | undefined): string => {
  const halves = id?.getStructured();
  if (!halves) return id?.getString() ?? '';
  const digits = [halves.getMostSignificantBits(), halves.getLeastSignificantBits()]
    .map((bits) => BigInt.asUintN(64, BigInt(bits)).toString(16).padStart(16, '0'))
    .join('');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
};

type BatchRequest = InstanceType<typeof streams.BatchAppendReq>;

const batchRequests = (
  stream: string,
  events: readonly NewEvent[],
  expected: ExpectedRevision,
): BatchRequest[] => {
  const requests = [new streams.BatchAppendReq().setOptions(optionsOf(stream, expected))];
  let bytes = 0;
  for (const event of events) {
    const data = encode(event.data);
    const metadata = encode(event.metadata);
    const size = data.length + metadata.length;
    if (bytes > 0 && bytes + size > messageBytes) {
      requests.push(new streams.BatchAppendReq());
      bytes = 0;
    }
    bytes += size;
    const message = new streams.BatchAppendReq.ProposedMessage();
    message.setId(new shared.UUID().setString(event.id));
    message.getMetadataMap().set('type', event.type).set('content-type', 'application/json');
    message.setData(data);
    message.setCustomMetadata(metadata);
    requests.at(-1)?.addProposedMessages(message);
  }
  requests.at(-1)?.setIsFinal(true);
  return requests;
};

/** Without a deadline: it would be a time of our clock, which the server's may be ahead of by any amount. */
const optionsOf = (stream: string, expected: ExpectedRevision) => {
  const options = new streams.BatchAppendReq.Options();
  options.setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from(stream)));
  if (expected === 'no_stream') options.setNoStream(new shared.Empty());
  else options.setStreamPosition(expected.toString());
  return options;
};
