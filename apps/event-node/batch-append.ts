import { type ServerDuplexStream, status } from '@grpc/grpc-js';

import { ageMs } from '#kernel/wall-clock.js';

import { BACKLOG_BYTES, ProposedEvents, writeTimeoutMs } from './append-limits.js';
import type { BatchRequest } from './batch-request.js';
import { CallEnd } from './call-end.js';
import { checkedEvent, expectationMissing, streamName, uuidText } from './decode.js';
import { writable } from './derived-streams.js';
import { type BatchHead, encodeFailure, encodeOutcome } from './encode-batch.js';
import { encodeUuid } from './encode-uuid.js';
import type { Expected } from './event.js';
import { asCallFailure, CallFailure, invalidArgument, timedOut } from './failure.js';
import type { Node } from './node.js';

type Call = ServerDuplexStream<BatchRequest, Buffer>;

/** Appends of one call whose last message has not come: those that wait for it, and those refused. */
const MAX_OPEN = 1_000;
const BACKLOG_CHECK_MS = 10;

interface Batch {
  readonly head: BatchHead & { stream: string; expected: Expected };
  readonly proposed: ProposedEvents;
  readonly deadline: number;
  readonly timer: NodeJS.Timeout | undefined;
}

/** Many appends over one call, told apart by correlation id; each gets exactly one answer. */
export const batchAppend = (node: Node) => (call: Call) => new BatchCall(node, call).run();

class BatchCall {
  private readonly unfinished = new Map<string, Batch>();
  /** Answered before their last message came; what still comes of them is dropped. */
  private readonly refused = new Set<string>();
  private unfinishedBytes = 0;
  private draining = false;
  private gone = false;
  private readonly end: CallEnd;

  constructor(
    private readonly node: Node,
    private readonly call: Call,
  ) {
    this.end = new CallEnd(node.asServer);
  }

  run(): void {
    this.call.on('data', (request: BatchRequest) => {
      if (this.gone) return;
      this.take(request);
      if (!request.isFinal) this.endWhenCrowded();
    });
    this.call.on('end', () => {
      if (this.end.halfClose()) this.finish();
    });
    this.call.on('cancelled', () => this.abandon());
    this.call.on('error', () => this.abandon());
  }

  private take(request: BatchRequest): void {
    const { correlation, options, isFinal } = request;
    let id: string;
    try {
      id = uuidText(correlation);
    } catch (error) {
      const correlationId = correlation?.encoded ?? Buffer.alloc(0);
      this.answer(encodeFailure({ correlationId }, this.failure(error)));
      return;
    }
    if (this.refused.has(id)) {
      if (isFinal) this.refused.delete(id);
      return;
    }
    // A real server takes it for the rest of something that it does not know.
    if (this.node.asServer && options === undefined && !this.unfinished.has(id)) return;
    const head = { correlationId: encodeUuid(id, correlation?.halves !== undefined) };
    try {
      this.add(id, head, request);
    } catch (error) {
      this.refuse(id, head, this.failure(error), !isFinal);
    }
  }

  private add(id: string, head: BatchHead, request: BatchRequest): void {
    const batch = this.unfinished.get(id) ?? this.open(id, head, request);
    if (batch.deadline <= performance.now()) throw timedOut();
    const before = batch.proposed.bytes;
    try {
      for (const fields of request.proposed) batch.proposed.add(checkedEvent(fields));
    } finally {
      // What is refused is counted, too, since closing the append takes it off again.
      this.unfinishedBytes += batch.proposed.bytes - before;
    }
    if (this.unfinishedBytes > this.node.maxOpenBytes)
      throw invalidArgument('Too many open appends.');
    if (request.isFinal) this.submit(id, batch);
  }

  private open(id: string, head: BatchHead, { options, isFinal }: BatchRequest): Batch {
    if (options === undefined) throw invalidArgument('The options of the append are missing.');
    const stream = writable(streamName(options.streamName));
    const { expected, durationMs, deadlineMs } = options;
    if (expected === undefined) throw expectationMissing();
    const left = durationMs ?? timeUntil(deadlineMs);
    const batch: Batch = {
      head: { ...head, stream, expected },
      proposed: new ProposedEvents(this.node.maxAppendBytes),
      ...this.timeLimit(id, Math.min(left, writeTimeoutMs(this.node)), isFinal),
    };
    this.unfinished.set(id, batch);
    return batch;
  }

  private timeLimit(
    id: string,
    left: number,
    complete: boolean,
  ): Pick<Batch, 'deadline' | 'timer'> {
    const deadline = performance.now() + left;
    if (complete) return { deadline, timer: undefined };
    const head = { correlationId: encodeUuid(id, true) };
    const timer = setTimeout(() => this.refuse(id, head, timedOut(), true), left);
    return { deadline, timer };
  }

  private submit(id: string, { head, proposed, deadline }: Batch): void {
    this.close(id);
    this.end.take();
    const timeoutMs = deadline - performance.now();
    const { stream, expected } = head;
    this.node.writer.submit(
      { kind: 'append', stream, expected, events: proposed.events },
      { bytes: proposed.bytes, timeoutMs },
      (outcome) => this.answer(encodeOutcome(head, outcome), true),
    );
    if (this.node.writer.backlogBytes > BACKLOG_BYTES) this.waitForBacklog();
  }

  private refuse(id: string, head: BatchHead, failure: CallFailure, moreToCome: boolean): void {
    const known = this.unfinished.get(id)?.head;
    this.close(id);
    if (moreToCome) this.refused.add(id);
    this.answer(encodeFailure({ ...known, ...head }, failure));
  }

  private close(id: string): void {
    const batch = this.unfinished.get(id);
    if (batch === undefined) return;
    clearTimeout(batch.timer);
    this.unfinished.delete(id);
    this.unfinishedBytes -= batch.proposed.bytes;
  }

  private answer(message: Buffer, taken = false): void {
    if (this.gone) return;
    const isWritten = this.call.write(message);
    if (this.end.answered(taken)) {
      this.finish();
      return;
    }
    if (isWritten || this.draining) return;
    // Who does not read the answers may not ask more.
    this.draining = true;
    this.call.pause();
    this.call.once('drain', () => {
      this.draining = false;
      this.call.resume();
    });
  }

  private waitForBacklog(): void {
    this.call.pause();
    const check = setInterval(() => {
      if (!this.gone && this.node.writer.backlogBytes > BACKLOG_BYTES / 2) return;
      clearInterval(check);
      this.call.resume();
    }, BACKLOG_CHECK_MS);
  }

  /** Each is remembered for the life of the call, so a call that leaves many open is ended. */
  private endWhenCrowded(): void {
    if (this.unfinished.size + this.refused.size <= MAX_OPEN) return;
    const message = `More than ${MAX_OPEN} appends of this call lack their last message.`;
    this.call.emit('error', new CallFailure(status.RESOURCE_EXHAUSTED, message));
  }

  private finish(): void {
    if (this.gone) return;
    this.abandon();
    this.call.end();
  }

  private abandon(): void {
    this.gone = true;
    for (const id of [...this.unfinished.keys()]) this.close(id);
  }

  private failure(error: unknown): CallFailure {
    return asCallFailure(error, this.node.report);
  }
}

/** Milliseconds until a moment of the wall clock, for ever where there is none. */
const timeUntil = (deadlineMs: number | undefined): number =>
  deadlineMs === undefined ? Infinity : -ageMs(deadlineMs);
