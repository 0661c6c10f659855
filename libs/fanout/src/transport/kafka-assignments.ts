import { isStoreFault } from '#read-store/store-errors.js';

import { Backoff } from '../backoff.js';
import { TransportChanged } from '../consumer/places.js';
import { type Aim, aimAt, type Assigned, type Extent, problemOf } from './kafka-partition.js';
import { type Partition, partitionKey, type TransportContext } from './transport.js';

export const kafkaAway = 'Kafka does not answer';

export interface AssignmentsParts {
  readonly context: TransportContext;
  /** Of the session. */
  readonly ending: AbortSignal;
  /** What the broker has of a topic just now; rejects where it does not answer. */
  extents(this: void, topic: string): Promise<ReadonlyMap<number, Extent> | undefined>;
  /** Has the client read a partition from `offset` on. */
  seek(this: void, partition: Partition, offset: bigint): void;
  /** The partition cannot be read on without an operator. */
  stop(this: void, partition: Partition, reason: string): void;
  /** Only a new process can go on. */
  fail(this: void, error: Error): void;
}

/** The partitions that the group has given to this process, each with where it is read. */
export class Assignments {
  private readonly byKey = new Map<string, Assigned>();

  constructor(private readonly parts: AssignmentsParts) {}

  get all(): readonly Assigned[] {
    return [...this.byKey.values()];
  }

  of(partition: Partition): Assigned | undefined {
    return this.byKey.get(partitionKey(partition));
  }

  /** What the group says now, in place of what it said before. Aims at each. */
  replace(partitions: readonly Partition[]): void {
    const before = this.all;
    this.byKey.clear();
    for (const { topic, partition } of partitions) {
      const movedAt = performance.now();
      const aimed = Promise.resolve();
      const assigned: Assigned = {
        topic,
        partition,
        aimed,
        aim: undefined,
        isOurs: false,
        movedAt,
      };
      this.byKey.set(partitionKey(assigned), assigned);
      this.aimAnew(assigned);
    }
    for (const own of before) if (!this.of(own)) void this.parts.context.sink.putDown(own);
  }

  /** Resolves when all of them are put down. */
  async clear(): Promise<void> {
    const before = this.all;
    this.byKey.clear();
    await Promise.all(before.map((own) => this.parts.context.sink.putDown(own)));
  }

  /** Reads on from where the consumer stands now, found out anew. */
  aimAnew(assigned: Assigned): void {
    assigned.aim = undefined;
    assigned.aimed = this.aim(assigned);
  }

  /** Moves the consumer behind what has not to be handled, such as the end markers of transactions. */
  async pass(assigned: Assigned): Promise<void> {
    const { topic, partition, aim } = assigned;
    if (!aim || aim.check || aim.next <= aim.place.nextOffset) return;
    const from = aim.place.nextOffset;
    const through = { nextOffset: aim.next };
    const { context, ending } = this.parts;
    aim.place = await context.sink.take({ topic, partition, from, records: [], through }, ending);
    // Moved by somebody else: what lies between has not been read from there.
    if (aim.place.nextOffset < through.nextOffset && !ending.aborted) this.aimAnew(assigned);
  }

  /** Waits for the store and the broker as long as it takes. */
  private async aim(assigned: Assigned): Promise<void> {
    const { context, ending, stop } = this.parts;
    const own = { topic: assigned.topic, partition: assigned.partition };
    for (const backoff = new Backoff(200); this.isCurrent(assigned);) {
      try {
        const place = await context.sink.place(own, ending);
        const extent = (await this.parts.extents(own.topic))?.get(own.partition);
        const problem = problemOf(place, extent);
        if (problem !== undefined) stop(own, problem);
        else if (extent) this.seek(assigned, aimAt(place, extent));
        return;
      } catch (error) {
        if (error instanceof TransportChanged) this.parts.fail(error);
        if (!this.isCurrent(assigned)) return;
        context.logger.warn({ ...own, err: error }, 'where to read is not known yet');
        const reason = isStoreFault(error) ? 'the read store does not answer' : kafkaAway;
        context.report.waits(own.topic, reason);
        await backoff.wait(ending);
      }
    }
  }

  private isCurrent(assigned: Assigned): boolean {
    return !this.parts.ending.aborted && this.of(assigned) === assigned;
  }

  private seek(assigned: Assigned, aim: Aim): void {
    if (!this.isCurrent(assigned)) return;
    this.parts.seek(assigned, aim.next);
    assigned.aim = aim;
    assigned.movedAt = performance.now();
    this.parts.context.report.waits(assigned.topic, undefined);
  }
}
