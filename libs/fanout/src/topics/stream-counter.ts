import type { Position } from '#event-log/event-log.js';
import { isAfter } from '#event-log/position.js';

import type { Fact } from '../fact.js';

/** What a topic holds of a stream is not what the log holds of it. */
export interface Difference {
  /** Null where no stream is known. */
  readonly stream: string | null;
  /**
   * `missing`: fewer facts than in the log; `doubled`: more, some of them again; `out-of-order`: the
   * same ones in another order; `unknown`: what is not in the log, or no fact at all.
   */
  readonly problem: 'missing' | 'doubled' | 'out-of-order' | 'unknown';
  readonly partition: number | null;
  /** Facts of the stream in the log and on the topic, through the relay's position. */
  readonly expected: number;
  readonly found: number;
  /** Facts on the topic that do not follow the one before them. */
  readonly misplaced: number;
  /** Of the newest fact; null where there is none. */
  readonly lastExpected: number | null;
  readonly lastFound: number | null;
  readonly detail: string | null;
}

export interface StreamCounts {
  readonly streams: number;
  /** On the topic, through the relay's position. */
  readonly facts: number;
  readonly expected: number;
  /** The first hundred. */
  readonly differences: readonly Difference[];
  readonly differenceCount: number;
}

/** Some numbers per stream, however long it is. */
interface Counts extends Mutable<Omit<Difference, 'stream' | 'problem' | 'detail'>> {
  /** Sum over the ids found, less the sum over those expected: 0 where they are the same ones. */
  balance: number;
}
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const maxDifferences = 100;

/** The first 32 bits of a UUID. A stream would have to hold two million facts before their sum lost a bit. */
const printOf = (id: string): number => Number.parseInt(id.slice(0, 8), 16);

/** Counts the facts of one topic and those of the log, stream by stream, and finds where they differ. */
export class StreamCounter {
  private readonly streams = new Map<string, Counts>();
  private readonly noted: Difference[] = [];
  private notes = 0;
  private facts = 0;
  private expectations = 0;

  /** `until`: through which position the relay says that the topic is filled. What is newer is not counted. */
  constructor(private readonly until: Position) {}

  /** A fact on the topic, in the order of its partition. */
  found({ id, stream, revision, position }: Fact, partition: number): void {
    if (isAfter(position, this.until)) return;
    const counts = this.countsOf(stream);
    const at = Number(revision);
    const isElsewhere = counts.partition !== null && counts.partition !== partition;
    const last = counts.lastFound ?? -1;
    if (at <= last || isElsewhere) counts.misplaced += 1;
    counts.partition ??= partition;
    counts.lastFound = Math.max(last, at);
    counts.found += 1;
    counts.balance += printOf(id);
    this.facts += 1;
  }

  /** A fact that is published of the log, in its order. */
  expected({ id, stream, revision, position }: Fact): void {
    if (isAfter(position, this.until)) return;
    const counts = this.countsOf(stream);
    counts.lastExpected = Number(revision);
    counts.expected += 1;
    counts.balance -= printOf(id);
    this.expectations += 1;
  }

  /** Something else that is wrong with the topic. */
  note(problem: Difference['problem'], partition: number | null, detail: string): void {
    this.notes += 1;
    if (this.noted.length >= maxDifferences) return;
    this.noted.push({ stream: null, ...nothing, problem, partition, detail });
  }

  result(): StreamCounts {
    const differences = [...this.noted];
    let differenceCount = this.notes;
    for (const [stream, counts] of this.streams) {
      const problem = problemOf(counts);
      if (problem === null) continue;
      differenceCount += 1;
      if (differences.length < maxDifferences) {
        const { balance: _, ...shown } = counts;
        differences.push({ stream, problem, ...shown, detail: null });
      }
    }
    const { facts, expectations: expected } = this;
    return { streams: this.streams.size, facts, expected, differences, differenceCount };
  }

  private countsOf(stream: string): Counts {
    let counts = this.streams.get(stream);
    if (!counts) {
      counts = { ...nothing, balance: 0 };
      this.streams.set(stream, counts);
    }
    return counts;
  }
}

const nothing = {
  partition: null,
  expected: 0,
  found: 0,
  misplaced: 0,
  lastExpected: null,
  lastFound: null,
};

const problemOf = ({
  found,
  expected,
  misplaced,
  balance,
}: Counts): Difference['problem'] | null => {
  if (found === expected && balance === 0) return misplaced > 0 ? 'out-of-order' : null;
  if (found < expected) return 'missing';
  return misplaced > 0 && expected > 0 ? 'doubled' : 'unknown';
};
