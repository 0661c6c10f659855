import { setTimeout as sleep } from 'node:timers/promises';

import type { KafkaMessage } from 'kafkajs';

import type { EventLog, Position } from '#event-log/event-log.js';
import { formatPosition, isAfter } from '#event-log/position.js';
import { Refusal } from '#kernel/refusal.js';
import { PageReader } from '#subscription/page-reader.js';

import { NotAFact, toFact } from '../cloud-event.js';
import { isAtEnd, readTopic, sum } from '../cluster/read-topic.js';
import type { Publication } from '../fact.js';
import {
  readPosition,
  type RelayPosition,
  type TopicPosition,
  UnreadablePosition,
} from '../relay/position-record.js';
import { Expiry } from './expiry.js';
import { type KafkaAccess, kafkaUnavailable } from './kafka-access.js';
import { type ExpectedTopic, expectedTopics, listTopics, type TopicStatus } from './list-topics.js';
import { StreamCounter, type StreamCounts } from './stream-counter.js';

export interface VerifyParts {
  readonly access: KafkaAccess;
  readonly publication: Publication;
  readonly log: Pick<EventLog, 'readAll'>;
  /** How long to wait for records that should be there. Default 10 s. */
  readonly quietMs?: number;
}

export interface TopicVerification extends StreamCounts {
  readonly topic: string;
  readonly exists: boolean;
  /** Through which position the relay says that the topic is filled: what was compared. Null: none. */
  readonly position: string | null;
  /** Facts that the retention of the topic gave up. */
  readonly expired: number;
}

export interface VerifyResult {
  readonly ok: boolean;
  readonly topics: readonly TopicVerification[];
}

export interface VerifyProgress {
  readonly step: 'topic' | 'log';
  /** The topic that is being read. */
  readonly topic: string | null;
  /** Records or events so far; `of` is null where nobody knows how many there are. */
  readonly done: number;
  readonly of: number | null;
}

export type VerifyLine = { readonly progress: VerifyProgress } | { readonly result: VerifyResult };

const limits = { maxEvents: 1_000, maxBytes: 4 * 1024 * 1024 };
const defaultQuietMs = 10_000;
const positionMs = 60_000;
const progressMs = 1_000;

/**
 * Verifies, with its progress every second; the last line is the result. Begins with what is quick to
 * fail. Ends early when the reader goes away. Throws as `Verification` does.
 */
export async function* verifyLines(parts: VerifyParts): AsyncGenerator<VerifyLine> {
  const stop = new AbortController();
  const verification = new Verification(parts, stop.signal);
  let work: Promise<VerifyResult> | undefined;
  try {
    await verification.prepare();
    work = verification.run();
    // It may fail while nobody reads: whoever asks for the next line is given the error.
    work.catch(() => undefined);
    for (;;) {
      yield { progress: verification.progress };
      const result = await Promise.race([work, sleep(progressMs)]);
      if (!result) continue;
      yield { result };
      return;
    }
  } finally {
    stop.abort(new Error('nobody waits for the result'));
    await work?.catch(() => undefined);
  }
}

/** One topic while it is compared. */
interface Compared {
  readonly status: TopicStatus;
  readonly position: Position | null;
  /** By partition: the end, and how far it is read. */
  readonly until: ReadonlyMap<number, bigint>;
  readonly reached: Map<number, bigint>;
  readonly counter: StreamCounter;
  readonly expiry: Expiry;
  expired: number;
}

/**
 * Compares what is on the topics with what is published of the log, stream by stream.
 *
 * Through the relay's position, which is read first: what it publishes meanwhile is no difference.
 * Reads everything, with some numbers of memory per stream.
 */
export class Verification {
  private compared: readonly Compared[] = [];
  private reading: { readonly of: Compared; readonly from: bigint } | undefined;
  private events = 0;

  constructor(
    private readonly parts: VerifyParts,
    private readonly signal: AbortSignal,
  ) {}

  get progress(): VerifyProgress {
    if (!this.reading) return { step: 'log', topic: null, done: this.events, of: null };
    const { of, from } = this.reading;
    return {
      step: 'topic',
      topic: of.status.topic,
      done: Number(sum(of.reached) - from),
      of: Number(sum(of.until) - from),
    };
  }

  /** Reads the position of the relay, and the ends of the topics. Throws a `Refusal`. */
  async prepare(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      this.compared = await this.inspect();
      // A transaction becomes visible on one topic after the other: the very first one may not be on all yet.
      if (!this.compared.some(isWithoutPosition) || attempt === 4) return;
      await sleep(500);
    }
  }

  private async inspect(): Promise<Compared[]> {
    const { access, publication } = this.parts;
    const { settings } = access.cluster();
    const expected = expectedTopics(publication.contracts);
    const facts = expected.filter(({ kind }) => kind === 'facts');
    try {
      // The position before the ends: whatever it speaks of is before them then.
      const position = await this.relayPosition(expected.find(({ kind }) => kind === 'position'));
      const statuses = await access.request((admin) => listTopics(admin, settings, facts));
      return statuses.map((each) => comparedOf(each, position?.topics.get(each.topic)));
    } catch (error) {
      throw refusalOf(error);
    }
  }

  /** Without a record that is written. Reading takes time: many a broker lets a new group wait. */
  private async relayPosition(of: ExpectedTopic | undefined): Promise<RelayPosition | null> {
    const { access } = this.parts;
    const { kafka, settings } = access.cluster();
    const [topic] = await access.request((admin) => listTopics(admin, settings, of ? [of] : []));
    const [offsets] = topic?.offsets ?? [];
    if (!topic || !offsets) return null;
    const ends = { low: BigInt(offsets.first), high: BigInt(offsets.end) };
    return access.request(() => readPosition(kafka, topic.name, ends), positionMs);
  }

  /** Throws a `Refusal`, or what reading the log throws, or the reason of the signal. */
  async run(): Promise<VerifyResult> {
    for (const each of this.compared) await this.readTopic(each);
    this.reading = undefined;
    await this.readLog();
    const topics = this.compared.map(({ status, position, counter, expired }) => ({
      topic: status.topic,
      exists: status.exists,
      position: position && formatPosition(position),
      expired,
      ...counter.result(),
    }));
    return { ok: topics.every(({ differenceCount }) => differenceCount === 0), topics };
  }

  private async readTopic(of: Compared): Promise<void> {
    const { status, position, until, reached, counter } = of;
    if (isWithoutPosition(of)) {
      counter.note('unknown', null, 'the topic holds records, and the relay no position for it');
    }
    if (!position) return;
    this.reading = { of, from: sum(reached) };
    if (status.exists) await this.readAll(of);
    for (const [partition, end] of until) {
      const at = reached.get(partition) ?? 0n;
      if (at >= end) continue;
      const ends = `ends at ${String(at)}, and the relay wrote up to ${String(end)}`;
      counter.note('missing', partition, `what a read_committed reader is given ${ends}`);
    }
  }

  private async readAll(of: Compared): Promise<void> {
    const { kafka } = this.parts.access.cluster();
    const { status, until, reached } = of;
    try {
      await readTopic({
        kafka,
        topic: status.name,
        until,
        reached,
        signal: this.signal,
        quietMs: this.parts.quietMs ?? defaultQuietMs,
        onRecord: (partition, message) => {
          count(of, partition, message);
        },
      });
      const ends = new Map(status.offsets.map(({ partition, end }) => [partition, BigInt(end)]));
      // What was there at the beginning did not come: nobody gives it.
      if (!isAtEnd(ends, reached)) throw new Error(`reading ${status.topic} stands still`);
    } catch (error) {
      this.signal.throwIfAborted();
      throw refusalOf(error);
    }
  }

  private async readLog(): Promise<void> {
    const byTopic = new Map(this.compared.map((each) => [each.status.topic, each]));
    const last = this.compared
      .map(({ position }) => position)
      .reduce((a, b) => (b === null || (a && isAfter(a, b)) ? a : b), null);
    if (!last) return;
    const reader = new PageReader(this.parts.log, undefined, limits);
    for (;;) {
      const events = await reader.next();
      this.signal.throwIfAborted();
      if (events.length === 0) return;
      for (const event of events) {
        if (isAfter(event.position, last)) return;
        const published = this.parts.publication.of(event);
        const on = published && byTopic.get(published.contract.topic);
        if (!on) continue;
        if (on.expiry.has(published.fact)) on.expired += 1;
        else on.counter.expected(published.fact);
      }
      this.events += events.length;
    }
  }
}

/** Before every event. */
const nowhere: Position = { commit: -1n, prepare: -1n };

const isWithoutPosition = ({ position, until, reached }: Compared): boolean =>
  position === null && !isAtEnd(until, reached);

/** Each partition is read as far as the relay wrote, or as it reaches. */
const comparedOf = (status: TopicStatus, written: TopicPosition | undefined): Compared => {
  const position = written?.position ?? null;
  const until = new Map<number, bigint>(position ? written?.next : []);
  const reached = new Map<number, bigint>();
  for (const { partition, first, end } of status.offsets) {
    const next = until.get(partition) ?? 0n;
    until.set(partition, BigInt(end) > next ? BigInt(end) : next);
    reached.set(partition, BigInt(first));
  }
  const counter = new StreamCounter(position ?? nowhere);
  return { status, position, until, reached, counter, expiry: new Expiry(status), expired: 0 };
};

const count = ({ counter, expiry }: Compared, partition: number, message: KafkaMessage): void => {
  try {
    const fact = toFact(message);
    expiry.found(fact, partition);
    counter.found(fact, partition);
  } catch (error) {
    if (!(error instanceof NotAFact)) throw error;
    counter.note('unknown', partition, `at ${message.offset} is no fact: ${error.message}`);
  }
};

const refusalOf = (error: unknown): Refusal =>
  error instanceof UnreadablePosition
    ? new Refusal('RELAY_POSITION_UNREADABLE', 'conflict', error.message)
    : kafkaUnavailable(error);
