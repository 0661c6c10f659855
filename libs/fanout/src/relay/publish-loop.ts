import { accessDeniedReason, type EventLog } from '#event-log/event-log.js';
import { LogCheck, LogReplaced, type NamedFollower } from '#event-log/log-check.js';
import type { LogTail } from '#event-log/log-tail.js';
import { timeOfDay } from '#kernel/wall-clock.js';
import { progressHealth } from '#observability/health.js';
import type { Backoff } from '#subscription/backoff.js';

import { describeFailure, isFencing, isTooLarge } from '../cluster/failures.js';
import type { KafkaLogger } from '../kafka.js';
import type { Batch, BatchSource } from './batches.js';
import type { RelayControl } from './control.js';
import type { RelayPosition } from './position-record.js';
import type { Session } from './session.js';
import type { RelayStatus } from './status.js';

export const maxRecords = 1_000;
const maxBytes = 1024 * 1024;
const idleMs = 1_000;
/** The position moves at least so often over events that nobody publishes. */
const moveMs = 5_000;
const moveEvents = 10_000;
const checkTopicsMs = 30_000;

export type TransactionOutcome = 'committed' | 'failed' | 'fenced';

export interface PublishLoopOptions {
  readonly log: Pick<EventLog, 'epoch' | 'idAt' | 'head'>;
  readonly follower: NamedFollower;
  readonly tail: LogTail;
  readonly logger: KafkaLogger;
  readonly status: RelayStatus;
  readonly control: RelayControl;
  readonly batches: (position: RelayPosition) => BatchSource;
  readonly backoff: Backoff;
  /** Of a transaction: fewer after one that was too large. Outlives the session. */
  readonly size: { maxRecords: number };
  readonly onTransaction?: ((outcome: TransactionOutcome, records: number) => void) | undefined;
}

/** Publishes the log in one session, a batch at a time; the next one is read while one is under way. */
export class PublishLoop {
  private batches: BatchSource;
  private readonly check: LogCheck;
  private ahead: Promise<Batch | undefined> | undefined;
  /** A batch without records whose end the position topic does not know yet. */
  private passed: Batch | undefined;
  private movedAt = performance.now();
  private unmoved = 0;
  private checkedAt = performance.now();

  constructor(
    private readonly options: PublishLoopOptions,
    private readonly session: Session,
  ) {
    const { log, follower } = options;
    this.batches = options.batches(session.position);
    // The batches may be read on a connection of their own.
    const epoch = () => log.epoch + this.batches.epoch;
    const connections = {
      get epoch() {
        return epoch();
      },
      idAt: log.idAt.bind(log),
      head: log.head.bind(log),
    };
    this.check = new LogCheck(connections, follower);
  }

  /** One batch, or a wait for what is to be done next. Rejects with what makes the session void. */
  async step(signal: AbortSignal): Promise<void> {
    const { control } = this.options;
    if (!control.isFresh) await control.refresh();
    if (performance.now() - this.checkedAt >= checkTopicsMs) {
      await this.session.checkTopics();
      this.checkedAt = performance.now();
    }
    if (control.paused) {
      this.set('paused');
      await control.changed(idleMs, signal);
      return;
    }
    let batch: Batch | undefined;
    try {
      if (!this.check.isCurrent) await this.recognise();
      batch = await (this.ahead ?? this.next());
      this.ahead = undefined;
    } catch (error) {
      if (error instanceof LogReplaced) throw error;
      await this.waitForLog(error, signal);
      return;
    }
    if (!this.check.isCurrent) return;
    if (batch) await this.take(batch);
    else await this.idle(signal);
  }

  private next(): Promise<Batch | undefined> {
    return this.batches.next({ maxBytes, maxRecords: this.options.size.maxRecords });
  }

  /** What was read before it may have come from either log. Throws `LogReplaced`. */
  private async recognise(): Promise<void> {
    await this.session.expectSameLog(this.check);
    await this.options.control.refresh();
    this.passed = undefined;
    this.readAnew();
  }

  private readAnew(): void {
    this.ahead = undefined;
    this.batches = this.options.batches(this.session.position);
  }

  /** What the log cannot give, or what cannot be mapped, costs no session: nothing was sent. */
  private async waitForLog(error: unknown, signal: AbortSignal): Promise<void> {
    const { status, logger, control, backoff } = this.options;
    status.set('waiting', describeFailure(error));
    const backoffMs = backoff.next();
    logger.warn({ err: error, backoffMs }, 'the relay cannot read on');
    this.readAnew();
    await control.changed(backoffMs, signal);
  }

  private async take(batch: Batch): Promise<void> {
    this.unmoved += batch.events;
    this.ahead = this.next();
    this.ahead.catch(() => undefined);
    if (batch.records > 0 || this.isDue()) await this.publish(batch);
    else this.passed = batch;
    this.wentWell();
  }

  private isDue(): boolean {
    return this.unmoved >= moveEvents || performance.now() - this.movedAt >= moveMs;
  }

  private async publish(batch: Batch): Promise<void> {
    const { status, size, onTransaction } = this.options;
    try {
      await this.session.publish(batch);
    } catch (error) {
      onTransaction?.(isFencing(error) ? 'fenced' : 'failed', batch.records);
      throw isTooLarge(error) ? this.tooLarge(batch, error) : error;
    }
    onTransaction?.('committed', batch.records);
    status.committed(batch);
    this.movedAt = performance.now();
    this.unmoved = 0;
    this.passed = undefined;
    size.maxRecords = Math.min(maxRecords, size.maxRecords * 2);
  }

  /** One record alone that is too large is waited for; several are sent one by one. */
  private tooLarge({ records, first, topics }: Batch, cause: unknown): unknown {
    this.options.size.maxRecords = 1;
    if (records > 1 || !first) return cause;
    const [[topic, [record]] = ['', []]] = topics;
    const size = String(record?.value.length ?? 0);
    return new Error(
      `the event ${first.id} (${first.type} of ${first.stream}, ${size} bytes) is larger than the topic ${topic} takes: raise its max.message.bytes`,
      { cause },
    );
  }

  /** Nothing to read may mean that nothing answers: the tail knows, as readiness does. */
  private async idle(signal: AbortSignal): Promise<void> {
    const { tail, status } = this.options;
    const answers = tail.status();
    if (progressHealth(answers, timeOfDay(performance.now())).status === 'up') {
      if (this.passed && this.isDue()) await this.publish(this.passed);
      this.wentWell();
      status.caughtUp();
    } else {
      const silence = 'the event log does not answer';
      status.set('waiting', answers.failure === undefined ? silence : accessDeniedReason);
    }
    await tail.changed(this.batches.position, { signal, timeoutMs: idleMs });
  }

  private wentWell(): void {
    this.options.backoff.reset();
    this.set('working');
  }

  private set(state: 'working' | 'paused'): void {
    const { status, logger, control } = this.options;
    const isChange = status.state !== state && [status.state, state].includes('paused');
    if (isChange) logger.info({ revision: control.revision.toString() }, `the relay is ${state}`);
    status.set(state);
  }
}
