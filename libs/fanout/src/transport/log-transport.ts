import {
  type EventLog,
  LogUnavailable,
  type Position,
  type StoredEvent,
} from '#event-log/event-log.js';
import { LogReplaced, replacedLogMs } from '#event-log/log-check.js';
import type { LogTail } from '#event-log/log-tail.js';
import { pause } from '#event-log/pause.js';
import { CheckedReader } from '#read-store/checked-reader.js';
import { describeError } from '#read-store/parking.js';
import { isStoreFault } from '#read-store/store-errors.js';

import { Backoff } from '../backoff.js';
import { toRecord } from '../cloud-event.js';
import { TransportChanged } from '../consumer/places.js';
import { type Fact, Publication } from '../fact.js';
import type { Delivery, Incoming, Partition, Transport, TransportContext } from './transport.js';

/** A page: at most so many events and bytes. */
const limits = { maxEvents: 1_000, maxBytes: 4 * 1024 * 1024 };
const standbyMs = 1_000;

/** The log itself as the transport: each topic is one partition, which one process reads at a time. */
export const logTransport = (
  log: EventLog,
  tail: LogTail,
  { contracts }: Publication,
): Transport => ({
  name: 'log',
  knows: (topic) => contracts.some((contract) => contract.topic === topic),
  run: async (context, signal) => {
    // Where one topic cannot go on the others end in order, and then the process.
    const failing = new AbortController();
    const anySignal = AbortSignal.any([signal, failing.signal]);
    const runs = context.topics.map(async (topic) => {
      // Of its own context alone: what another one does not know yet holds up nothing here.
      const own = new Publication(contracts.filter((contract) => contract.topic === topic));
      try {
        await new LogFeed(context, log, tail, own, topic).run(anySignal);
      } catch (error) {
        failing.abort();
        throw error;
      }
    });
    const failed = (await Promise.allSettled(runs)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  },
});

interface ReadPage {
  readonly records: readonly Incoming[];
  /** Such as `UnknownEventType`: what it is thrown for must not be passed over. */
  readonly unreadable: Error | undefined;
  /** Of the last event before that; none where there is nothing to pass. */
  readonly through: Position | undefined;
  readonly last: StoredEvent | undefined;
}

/** Reads the log for one topic. */
class LogFeed {
  private readonly own: Partition;
  private readonly reader: CheckedReader;

  constructor(
    private readonly context: TransportContext,
    log: EventLog,
    private readonly tail: LogTail,
    private readonly publication: Publication,
    topic: string,
  ) {
    this.own = { topic, partition: 0 };
    const { consumer, report } = context;
    const cure = `run "voltrace consumers reset ${consumer} --to start"`;
    const follower = { name: `consumer ${consumer}`, cure };
    this.reader = new CheckedReader(log, tail, limits, follower, () => {
      report.stopped(topic, undefined);
      return Promise.resolve();
    });
  }

  private get leaseKey(): string {
    return `consumer ${this.context.consumer} ${this.own.topic}`;
  }

  /** Rejects with `TransportChanged`. */
  async run(signal: AbortSignal): Promise<void> {
    const { report, sink, lease } = this.context;
    const backoff = new Backoff();
    while (!signal.aborted) {
      try {
        if (await lease.acquire(this.leaseKey)) await this.follow(backoff, signal);
        else {
          report.connected(true);
          report.idle(this.own.topic);
          await pause(standbyMs, signal);
        }
      } catch (error) {
        if (error instanceof TransportChanged) throw error;
        if (error instanceof LogReplaced) {
          await this.waitForLog(error, signal);
          continue;
        }
        this.tell(error, signal);
        await backoff.wait(signal);
      }
    }
    await sink.putDown(this.own);
    await lease.release(this.leaseKey).catch(() => undefined);
  }

  /** Until the next look: the right log may come back, or the consumer be reset onto this one. */
  private async waitForLog(error: LogReplaced, signal: AbortSignal): Promise<void> {
    const { report, logger, consumer } = this.context;
    const { topic } = this.own;
    report.stopped(topic, error.message);
    logger.error({ consumer, topic }, `the consumer stands still: ${error.message}`);
    await pause(replacedLogMs, signal);
  }

  private tell(error: unknown, signal: AbortSignal): void {
    if (signal.aborted) return;
    const { report, logger, consumer } = this.context;
    const { topic } = this.own;
    if (error instanceof LogUnavailable) report.connected(false);
    logger.warn({ consumer, topic, err: error }, 'the consumer waits');
    report.waits(topic, reasonOf(error));
  }

  /** Until the lock is lost, the consumer is moved, or something fails. */
  private async follow(backoff: Backoff, signal: AbortSignal): Promise<void> {
    const { sink, lease, report } = this.context;
    const { moves } = sink;
    let place = await sink.place(this.own, signal);
    await this.reader.seek({ position: place.position, anchor: place.anchor });
    while (!signal.aborted && lease.holds(this.leaseKey) && sink.moves === moves) {
      const from = place.nextOffset;
      const events = await this.reader.next();
      report.connected(true);
      const page = this.read(events);
      const { unreadable, through } = page;
      if (through) {
        place = await sink.take(this.delivery(from, page, through), signal);
        if (place.nextOffset !== through.commit) return;
        this.reader.took({ position: place.position, anchor: place.anchor });
      }
      if (unreadable) throw unreadable;
      report.waits(this.own.topic, undefined);
      backoff.reset();
      if (events.length === 0) await this.waitForMore(place.nextOffset, signal);
    }
  }

  private async waitForMore(nextOffset: bigint, signal: AbortSignal): Promise<void> {
    this.context.sink.ends(this.own, nextOffset);
    await this.tail.changed(this.reader.position, { signal, timeoutMs: standbyMs });
  }

  /** Facts up to the first event that cannot be told to be one or none. */
  private read(events: readonly StoredEvent[]): ReadPage {
    const records: Incoming[] = [];
    let last: StoredEvent | undefined;
    for (const event of events) {
      try {
        const published = this.publication.of(event);
        if (published) records.push(incomingOf(published.fact));
      } catch (error) {
        return { records, unreadable: error as Error, through: last?.position, last };
      }
      last = event;
    }
    return {
      records,
      unreadable: undefined,
      through: last?.position ?? this.reader.position,
      last,
    };
  }

  private delivery(from: bigint, { records, last }: ReadPage, through: Position): Delivery {
    const { position: seen } = this.tail.status();
    const end = seen && seen.commit > through.commit ? seen.commit : through.commit;
    return {
      ...this.own,
      from,
      records,
      through: { nextOffset: through.commit, position: through, anchor: last },
      end,
    };
  }
}

const incomingOf = (fact: Fact): Incoming => ({
  offset: fact.position.commit,
  nextOffset: fact.position.commit,
  content: fact,
  record: () => {
    const { key, value, headers } = toRecord(fact);
    return { key: Buffer.from(key), value, headers: { ...headers } };
  },
});

const reasonOf = (error: unknown): string => {
  if (error instanceof LogUnavailable) return error.reason;
  return isStoreFault(error) ? 'the read store does not answer' : describeError(error);
};
