import { accessDeniedReason, type EventLog } from '#event-log/event-log.js';
import { type Follower, LogCheck, LogReplaced } from '#event-log/log-check.js';
import type { LogTail } from '#event-log/log-tail.js';
import { ageMs } from '#kernel/wall-clock.js';

import { describeFailure, isFencing, isTooLarge } from '../cluster/failures.js';
import type { KafkaLogger } from '../kafka.js';
import type { RelayControl } from './control.js';
import type { Portion, PortionFeed, PortionLimits } from './portions.js';
import type { RelayPosition } from './position-record.js';
import type { RelayReport } from './report.js';
import type { RetryPace } from './retry-pace.js';
import type { Session } from './session.js';

const limits = { maxRecords: 1_000, maxBytes: 1024 * 1024 };
const idleMs = 1_000;
/** The position moves at least so often over events that nobody publishes. */
const moveMs = 5_000;
const moveEvents = 10_000;
const checkTopicsMs = 30_000;
/** The tail asks every 2 s whether it has everything; a log that was silent for longer does not answer. */
const maxLogSilenceMs = 15_000;

export type TransactionOutcome = 'committed' | 'failed' | 'fenced';

export interface PumpOptions {
  readonly log: Pick<EventLog, 'epoch' | 'idAt' | 'head'>;
  readonly follower: Follower;
  readonly tail: LogTail;
  readonly logger: KafkaLogger;
  readonly report: RelayReport;
  readonly control: RelayControl;
  readonly portions: (position: RelayPosition, limits: PortionLimits) => PortionFeed;
  readonly pace: RetryPace;
  readonly onTransaction?: ((outcome: TransactionOutcome, records: number) => void) | undefined;
}

/**
 * Carries the log into one session, a portion at a time; the next one is read and mapped while one is
 * under way. The first portion of the first pump sets the size; `recordLimit` is handed on.
 */
export class Pump {
  private portions: PortionFeed;
  private readonly check: LogCheck;
  private ahead: Promise<Portion | undefined> | undefined;
  /** A portion without records whose end the position topic does not know yet. */
  private passed: Portion | undefined;
  private movedAt = performance.now();
  private unmoved = 0;
  private checkedAt = performance.now();

  constructor(
    private readonly options: PumpOptions,
    private readonly session: Session,
    /** Records of a transaction: fewer after one that was too large. */
    public recordLimit = limits.maxRecords,
  ) {
    this.portions = this.portionsFromHere();
    this.check = new LogCheck(this.anyConnection(), options.follower);
  }

  /** The log, of which the portions may be read on a connection of their own. */
  private anyConnection(): PumpOptions['log'] {
    const { log } = this.options;
    const epoch = (): number => log.epoch + this.portions.epoch;
    return {
      get epoch() {
        return epoch();
      },
      idAt: (position) => log.idAt(position),
      head: () => log.head(),
    };
  }

  /** What was read before it may have come from either log. Throws `LogReplaced`. */
  private async recognise(): Promise<void> {
    await this.session.expectSameLog(this.check);
    await this.options.control.refresh();
    this.ahead = this.passed = undefined;
    this.portions = this.portionsFromHere();
  }

  /** One portion, or a wait for what is to be done next. Rejects with what makes the session void. */
  async step(signal: AbortSignal): Promise<void> {
    const { control } = this.options;
    if (!control.isFresh) await control.refresh();
    await this.checkTopicsNowAndThen();
    if (control.paused) {
      this.turn('paused');
      await control.changed(idleMs, signal);
      return;
    }
    const portion = await this.next(signal);
    if (portion === 'failed' || !this.check.isCurrent) return;
    if (portion) await this.take(portion);
    else await this.idle(signal);
  }

  private async checkTopicsNowAndThen(): Promise<void> {
    if (performance.now() - this.checkedAt < checkTopicsMs) return;
    await this.session.checkTopics();
    this.checkedAt = performance.now();
  }

  /** What the log cannot give, or what cannot be mapped, costs no session: nothing was sent. */
  private async next(signal: AbortSignal): Promise<Portion | undefined | 'failed'> {
    try {
      if (!this.check.isCurrent) await this.recognise();
      const portion = await (this.ahead ?? this.portions.next());
      this.ahead = undefined;
      return portion;
    } catch (error) {
      if (error instanceof LogReplaced) throw error;
      const { report, logger, control, pace } = this.options;
      report.turn('waiting', describeFailure(error));
      const backoffMs = pace.next();
      logger.warn({ err: error, backoffMs }, 'the relay cannot read on');
      this.ahead = undefined;
      this.portions = this.portionsFromHere();
      await control.changed(backoffMs, signal);
      return 'failed';
    }
  }

  private async take(portion: Portion): Promise<void> {
    this.unmoved += portion.events;
    this.ahead = this.portions.next();
    this.ahead.catch(() => undefined);
    if (portion.records > 0 || this.isDue()) await this.publish(portion);
    else this.passed = portion;
    this.wentWell();
  }

  private isDue(): boolean {
    return this.unmoved >= moveEvents || performance.now() - this.movedAt >= moveMs;
  }

  private async publish(portion: Portion): Promise<void> {
    const { report, onTransaction } = this.options;
    try {
      await this.session.publish(portion);
    } catch (error) {
      onTransaction?.(isFencing(error) ? 'fenced' : 'failed', portion.records);
      if (isTooLarge(error)) throw this.tooLarge(portion, error);
      throw error;
    }
    onTransaction?.('committed', portion.records);
    report.committed(portion.through, portion.created, portion.records);
    this.movedAt = performance.now();
    this.unmoved = 0;
    this.passed = undefined;
    if (this.recordLimit < limits.maxRecords) this.limit(this.recordLimit * 2);
  }

  /** One record alone that is too large is waited for; several are sent one by one. */
  private tooLarge({ records, first, batches }: Portion, cause: unknown): unknown {
    this.limit(1);
    if (records > 1 || !first) return cause;
    const [[topic, [record]] = ['', []]] = batches;
    const size = String(record?.value.length ?? 0);
    return new Error(
      `the event ${first.id} (${first.type} of ${first.stream}, ${size} bytes) is larger than the topic ${topic} takes: raise its max.message.bytes`,
      { cause },
    );
  }

  private limit(records: number): void {
    this.recordLimit = Math.min(limits.maxRecords, records);
    this.portions.limit({ ...limits, maxRecords: this.recordLimit });
  }

  private async idle(signal: AbortSignal): Promise<void> {
    const { tail, report } = this.options;
    const silence = this.logSilence();
    if (silence === undefined) {
      if (this.passed && this.isDue()) await this.publish(this.passed);
      this.wentWell();
      report.caughtUp();
    } else {
      report.turn('waiting', silence);
    }
    await tail.changed(this.portions.position, { signal, timeoutMs: idleMs });
  }

  /** Nothing to read may mean that nothing answers. */
  private logSilence(): string | undefined {
    const { lastProgressAt, failure } = this.options.tail.status();
    if (failure !== undefined) return accessDeniedReason;
    const silentMs = lastProgressAt ? ageMs(lastProgressAt) : Infinity;
    return silentMs > maxLogSilenceMs ? 'the event log does not answer' : undefined;
  }

  private wentWell(): void {
    const { report, pace } = this.options;
    pace.wentWell();
    this.turn('working');
    report.moved();
  }

  private turn(state: 'working' | 'paused'): void {
    const { report, logger, control } = this.options;
    const isChange = report.state !== state && [report.state, state].includes('paused');
    if (isChange) logger.info({ revision: control.revision.toString() }, `the relay is ${state}`);
    report.turn(state);
  }

  private portionsFromHere(): PortionFeed {
    const now = { ...limits, maxRecords: this.recordLimit };
    return this.options.portions(this.session.position, now);
  }
}
