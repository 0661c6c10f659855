import { type KafkaConfig, logLevel } from 'kafkajs';

import type { EventLog } from '#event-log/event-log.js';
import { LogReplaced, type NamedFollower } from '#event-log/log-check.js';
import type { LogTail } from '#event-log/log-tail.js';
import { pause, within } from '#event-log/pause.js';
import type { Contract } from '#kernel/contract.js';
import type { Lease } from '#read-store/lease.js';
import { Backoff } from '#subscription/backoff.js';

import { describeFailure, Fenced, isFencing, NeedsOperator } from '../cluster/failures.js';
import type { TopicSettings } from '../cluster/topics.js';
import { kafkaClient, type KafkaLogger, type KafkaSettings, named } from '../kafka.js';
import { RelayControl } from './control.js';
import { maxRecords, PublishLoop, type PublishLoopOptions } from './publish-loop.js';
import { Session, type Step, transactionalId } from './session.js';
import type { RelayStatus } from './status.js';

const standbyMs = 1_000;
/** Every request of an opening has a time-out and few retries; this is for what none of us foresaw. */
const openMs = 5 * 60_000;

/**
 * Longer than any transaction takes, and how long readers stand still behind one that a frozen relay
 * left open, where no other relay takes over and ends it sooner.
 */
const defaultTransactionTimeoutMs = 30_000;
/** It may be this process, and not Kafka, that has no network. */
const defaultYieldAfterMs = 30_000;

export interface RelayOptions extends Pick<PublishLoopOptions, 'batches' | 'onTransaction'> {
  readonly settings: KafkaSettings & TopicSettings;
  readonly contracts: readonly Contract[];
  readonly log: EventLog;
  readonly tail: LogTail;
  readonly lease: Lease;
  readonly logger: KafkaLogger;
  readonly status: RelayStatus;
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
  private readonly backoff = new Backoff(100, 10_000);
  private readonly lockKey: string;
  private readonly follower: NamedFollower;
  private readonly size = { maxRecords };
  private triedAt = -Infinity;
  private yieldedAt = performance.now();
  private isLeaseTaken = false;

  constructor(private readonly options: RelayOptions) {
    const { log, settings, contracts } = options;
    this.control = new RelayControl(log);
    this.lockKey = named(settings, transactionalId);
    const topics = contracts.map(({ topic }) => named(settings, topic)).join(', ');
    // A topic that holds facts of another log cannot be completed from this one.
    const cure = `delete on Kafka ${topics}, and run "voltrace relay reset" for each`;
    this.follower = { name: 'the relay', cure };
  }

  /** Resolves when `signal` aborts and nothing is under way any more. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { tail, status } = this.options;
    const unsubscribe = this.control.subscribe(tail);
    while (!signal.aborted) {
      try {
        if (await this.isMine()) await this.work(signal);
        else await pause(standbyMs, signal);
      } catch (error) {
        await this.recover(error, signal);
      }
    }
    unsubscribe();
    status.isInCharge = false;
    await this.releaseLease();
  }

  /** Who works goes on when Postgres does not answer: the transactional id is the fence, not the lock. */
  private async isMine(): Promise<boolean> {
    const { lease, status, logger } = this.options;
    try {
      const held = await lease.acquire(this.lockKey);
      if (held) status.isInCharge = true;
      else status.standBy();
      this.isLeaseTaken = false;
    } catch (error) {
      if (!status.isInCharge) {
        status.set('waiting', `Postgres does not say who works: ${describeFailure(error)}`);
        logger.warn({ err: error }, 'the relay waits for Postgres');
      }
    }
    return status.isInCharge;
  }

  /** Until something fails, a reset is requested, or `signal` aborts. */
  private async work(signal: AbortSignal): Promise<void> {
    const { control, follower, backoff, size } = this;
    const { logger, status } = this.options;
    if (status.state === 'standby') status.set('starting');
    const session = await unlessAborted(this.open(), signal);
    if (!session) return;
    try {
      status.positionRead(session.through);
      logger.info({ position: session.through?.commit.toString() ?? null }, 'the relay works');
      const loop = new PublishLoop({ ...this.options, control, follower, backoff, size }, session);
      while (!signal.aborted && control.resetsAfter(session.position.control).length === 0) {
        await loop.step(signal);
        this.keepLease();
      }
    } finally {
      await session.close();
    }
  }

  private open(): Promise<Session> {
    const { settings, contracts, log, logger, step } = this.options;
    const { transactionTimeoutMs = defaultTransactionTimeoutMs } = this.options;
    const { control, follower } = this;
    // What kafkajs logs reaches us as errors; besides, it calls every second commit an error.
    const kafka = kafkaClient(settings, 'voltrace-relay', logger, {
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3 },
      ...this.options.client,
    });
    const from = { kafka, settings, contracts, log, control, follower, step };
    return Session.open({ ...from, transactionTimeoutMs });
  }

  /** Lost with the connection that held it. Who has it by then works, or is about to. */
  private keepLease(): void {
    const { lease } = this.options;
    if (this.isLeaseTaken) throw new Fenced('another relay holds the lock by now');
    if (lease.holds(this.lockKey) || performance.now() - this.triedAt < standbyMs) return;
    this.triedAt = performance.now();
    lease.acquire(this.lockKey).then(
      (held) => {
        this.isLeaseTaken = !held;
      },
      // Postgres is away: no reason to stand still.
      () => undefined,
    );
  }

  private async releaseLease(): Promise<void> {
    await this.options.lease.release(this.lockKey).catch(() => undefined);
  }

  private async recover(error: unknown, signal: AbortSignal): Promise<void> {
    const { status, logger } = this.options;
    if (isFencing(error)) {
      logger.warn({ err: error }, 'the relay is fenced; this one stands by');
      status.standBy();
      await this.releaseLease();
      await pause(standbyMs, signal);
      return;
    }
    if (error instanceof LogReplaced) await this.control.noteReplaced();
    const fields = { err: error, backoffMs: this.backoff.next() };
    if (error instanceof NeedsOperator || error instanceof LogReplaced) {
      status.set('stopped', describeFailure(error));
      logger.error(fields, 'the relay is stopped until an operator has decided');
    } else {
      status.set('waiting', describeFailure(error));
      logger.warn(fields, 'the relay goes on from what was committed');
    }
    await this.control.changed(fields.backoffMs, signal);
    await this.yieldAfterLongFailure(signal);
  }

  /** Releases the lock for as long as another relay needs to acquire it. */
  private async yieldAfterLongFailure(signal: AbortSignal): Promise<void> {
    const { lease, status, yieldAfterMs = defaultYieldAfterMs } = this.options;
    const since = Math.max(this.yieldedAt, status.progressedAt ?? -Infinity);
    if (performance.now() - since < yieldAfterMs) return;
    this.yieldedAt = performance.now();
    if (!lease.holds(this.lockKey)) return;
    await this.releaseLease();
    await pause(2 * standbyMs, signal);
  }
}

/** Undefined when `signal` aborts first: what has only been begun is left to the next start. */
const unlessAborted = async (
  opening: Promise<Session>,
  signal: AbortSignal,
): Promise<Session | undefined> => {
  const session = await within(openMs, opening, signal);
  if (session) return session;
  opening.then((unused) => unused.close()).catch(() => undefined);
  if (signal.aborted) return undefined;
  throw new Error(`Kafka was not opened within ${String(openMs)} ms`);
};
