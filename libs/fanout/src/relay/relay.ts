import { setTimeout as sleep } from 'node:timers/promises';

import { type KafkaConfig, logLevel } from 'kafkajs';

import type { EventLog } from '#event-log/event-log.js';
import { LogReplaced } from '#event-log/log-check.js';
import type { LogTail } from '#event-log/log-tail.js';
import { pause } from '#event-log/pause.js';
import type { Contract } from '#kernel/contract.js';
import type { Lease } from '#read-store/lease.js';
import { PageReader } from '#subscription/page-reader.js';

import { describeFailure, Fenced, isFencing, NeedsOperator } from '../cluster/failures.js';
import type { TopicSettings } from '../cluster/topics.js';
import { Publication } from '../fact.js';
import { kafkaClient, type KafkaLogger, type KafkaSettings, named } from '../kafka.js';
import { RelayControl } from './control.js';
import { pageLimits, Placement, Portions } from './portions.js';
import { Pump, type PumpOptions, type TransactionOutcome } from './pump.js';
import type { RelayReport } from './report.js';
import { RetryPace } from './retry-pace.js';
import { followerOf, Session, type Step, transactionalId } from './session.js';

const standbyMs = 1_000;
/** Every request of an opening has a time-out and few retries; this is for what none of us foresaw. */
const openMs = 5 * 60_000;

/**
 * Longer than any transaction takes, and how long readers stand still behind one that a frozen relay
 * left open, where no other relay takes over and ends it sooner.
 */
const transactionTimeoutMs = 30_000;
/** It may be this process, and not Kafka, that has no network. */
const yieldAfterMs = 30_000;

export interface RelayOptions {
  readonly settings: KafkaSettings & TopicSettings;
  readonly contracts: readonly Contract[];
  readonly log: EventLog;
  readonly tail: LogTail;
  readonly lease: Lease;
  readonly logger: KafkaLogger;
  readonly report: RelayReport;
  /** Who cuts the log into portions; in this thread by default. */
  readonly portions?: PumpOptions['portions'];
  readonly onTransaction?: (outcome: TransactionOutcome, records: number) => void;
  readonly transactionTimeoutMs?: number;
  /** How long to fail before another relay may try, in milliseconds. */
  readonly yieldAfterMs?: number;
  /** Settings of the Kafka client that differ from ours. */
  readonly client?: Partial<KafkaConfig>;
  readonly step?: (step: Step) => void | Promise<void>;
}

/**
 * Publishes the log to Kafka, each fact once and in order, for as long as this process is the one to
 * do it.
 *
 * Crash-only: after any failure it knows nothing, fences itself with a new producer and reads from
 * the position topic what was committed.
 */
export class Relay {
  private readonly control: RelayControl;
  private readonly publication: Publication;
  private readonly placement = new Placement();
  private readonly pace = new RetryPace();
  private readonly lockKey: string;
  private recordLimit: number | undefined;
  private askedAt = -Infinity;
  private isLeaseTaken = false;

  constructor(private readonly options: RelayOptions) {
    this.control = new RelayControl(options.log);
    this.publication = new Publication(options.contracts);
    this.lockKey = named(options.settings, transactionalId);
  }

  /** Resolves when `signal` aborts and nothing is under way any more. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { lease, tail, report } = this.options;
    const unfollow = this.control.follow(tail);
    while (!signal.aborted) {
      try {
        if (await this.isMine()) await this.work(signal);
        else await pause(standbyMs, signal);
      } catch (error) {
        await this.recover(error, signal);
      }
    }
    unfollow();
    report.isInCharge = false;
    await lease.release(this.lockKey).catch(() => undefined);
  }

  /** Who works goes on when Postgres cannot be asked: the transactional id is the fence, not the lock. */
  private async isMine(): Promise<boolean> {
    const { lease, report, logger } = this.options;
    try {
      const held = await lease.acquire(this.lockKey);
      if (held) report.isInCharge = true;
      else report.leave();
      this.isLeaseTaken = false;
    } catch (error) {
      if (!report.isInCharge) {
        report.turn('waiting', `Postgres does not say who works: ${describeFailure(error)}`);
        logger.warn({ err: error }, 'the relay waits for Postgres');
      }
    }
    return report.isInCharge;
  }

  /** Until something fails, a reset is asked for, or `signal` aborts. */
  private async work(signal: AbortSignal): Promise<void> {
    const { logger, report } = this.options;
    if (report.state === 'standby') report.turn('starting');
    const session = await unlessAborted(this.open(), signal);
    if (!session) return;
    try {
      report.found(session.through);
      logger.info({ position: session.through?.commit.toString() ?? null }, 'the relay works');
      await this.pump(session, signal);
    } finally {
      await session.close();
    }
  }

  private open(): Promise<Session> {
    const { settings, contracts, log, logger, step } = this.options;
    // What kafkajs has to say reaches us as errors; besides, it calls every second commit an error.
    const kafka = kafkaClient(settings, 'voltrace-relay', logger, {
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3 },
      ...this.options.client,
    });
    return Session.open({
      ...{ kafka, settings, contracts, log, control: this.control, step },
      transactionTimeoutMs: this.options.transactionTimeoutMs ?? transactionTimeoutMs,
    });
  }

  private async pump(session: Session, signal: AbortSignal): Promise<void> {
    const { log, tail, logger, report, onTransaction } = this.options;
    const { portions = this.portionsHere } = this.options;
    const { control, pace } = this;
    const follower = followerOf(this.options);
    const pump = new Pump(
      { log, follower, tail, logger, report, control, portions, pace, onTransaction },
      session,
      this.recordLimit,
    );
    try {
      while (!signal.aborted && control.resetsAfter(session.position.control).length === 0) {
        await pump.step(signal);
        this.keepLease();
      }
    } finally {
      this.recordLimit = pump.recordLimit;
    }
  }

  private readonly portionsHere: PumpOptions['portions'] = (position, limits) => {
    const { log, tail } = this.options;
    const { publication, placement } = this;
    // A reader that still waits for a page must not bring it to another session.
    const reader = new PageReader(log, tail, pageLimits);
    return new Portions({ reader, publication, placement }, position, limits);
  };

  /** Lost with the connection that held it. Who has it by then works, or is about to. */
  private keepLease(): void {
    const { lease } = this.options;
    if (this.isLeaseTaken) throw new Fenced('another relay holds the lock by now');
    if (lease.holds(this.lockKey) || performance.now() - this.askedAt < standbyMs) return;
    this.askedAt = performance.now();
    lease.acquire(this.lockKey).then(
      (held) => {
        this.isLeaseTaken = !held;
      },
      // Postgres is away: no reason to stand still.
      () => undefined,
    );
  }

  private async recover(error: unknown, signal: AbortSignal): Promise<void> {
    const { report, logger, lease } = this.options;
    const reason = describeFailure(error);
    if (isFencing(error)) {
      logger.warn({ err: error }, 'the relay is fenced; this one stands by');
      report.leave();
      await lease.release(this.lockKey).catch(() => undefined);
      await pause(standbyMs, signal);
      return;
    }
    if (error instanceof LogReplaced) await this.control.noteReplaced();
    const backoffMs = this.pace.next();
    if (error instanceof NeedsOperator || error instanceof LogReplaced) {
      report.turn('stopped', reason);
      logger.error({ err: error, backoffMs }, 'the relay is stopped until an operator has decided');
    } else {
      report.turn('waiting', reason);
      logger.warn({ err: error, backoffMs }, 'the relay goes on from what was committed');
    }
    await this.control.changed(backoffMs, signal);
    await this.yieldAfterLongFailure(signal);
  }

  /** Lets go of the lock for as long as another relay needs to take it. */
  private async yieldAfterLongFailure(signal: AbortSignal): Promise<void> {
    const { lease } = this.options;
    const { failingSince } = this.pace;
    if (performance.now() - failingSince < (this.options.yieldAfterMs ?? yieldAfterMs)) return;
    this.pace.failingSince = performance.now();
    if (!lease.holds(this.lockKey)) return;
    await lease.release(this.lockKey).catch(() => undefined);
    await pause(2 * standbyMs, signal);
  }
}

/** Undefined when `signal` aborts first: what has only been begun is left to the next start. */
const unlessAborted = async (
  opening: Promise<Session>,
  signal: AbortSignal,
): Promise<Session | undefined> => {
  const settled = new AbortController();
  const either = AbortSignal.any([signal, settled.signal]);
  const aborted = sleep(openMs, 'late' as const, { signal: either }).catch(() => undefined);
  try {
    const session = await Promise.race([opening, aborted]);
    if (session instanceof Session) return session;
    opening.then((late) => late.close()).catch(() => undefined);
    if (session === 'late') throw new Error(`Kafka was not opened within ${String(openMs)} ms`);
    return undefined;
  } finally {
    settled.abort();
  }
};
