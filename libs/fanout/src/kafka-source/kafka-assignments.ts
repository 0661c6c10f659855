import { isStoreFault } from '#read-store/store-errors.js';
import { Backoff } from '#subscription/backoff.js';
import { SourceChanged } from '#subscription/checkpoints.js';
import { type Partition, partitionKey, type SourceContext } from '#subscription/source.js';

import type { Fact } from '../fact.js';
import { type Assigned, type Cursor, cursorAt, type Extent, problemOf } from './kafka-partition.js';

export const kafkaAway = 'Kafka does not answer';

export interface AssignmentsParts {
  readonly context: SourceContext<Fact>;
  /** Of the session. */
  readonly ending: AbortSignal;
  /** What the broker has of a topic just now; rejects where it does not answer. */
  extents(this: void, scope: string): Promise<ReadonlyMap<number, Extent> | undefined>;
  /** Has the client read a partition from `offset` on. */
  seek(this: void, partition: Partition, offset: bigint): void;
  /** Has the client fetch nothing of a partition until the next `seek`. */
  pause(this: void, partition: Partition): void;
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

  /** What the group assigns now, in place of what it assigned before. Seeks in each. */
  replace(partitions: readonly Partition[]): void {
    const before = this.all;
    this.byKey.clear();
    for (const { scope, partition } of partitions) {
      const movedAt = performance.now();
      const sought = Promise.resolve();
      const assigned: Assigned = {
        scope,
        partition,
        sought,
        cursor: undefined,
        isPaused: false,
        isOurs: false,
        movedAt,
      };
      this.byKey.set(partitionKey(assigned), assigned);
      this.seekAgain(assigned);
    }
    for (const own of before) if (!this.of(own)) void this.parts.context.sink.release(own);
  }

  /** Resolves when all of them are released. */
  async clear(): Promise<void> {
    const before = this.all;
    this.byKey.clear();
    await Promise.all(before.map((own) => this.parts.context.sink.release(own)));
  }

  /** Reads on from the checkpoint, opened anew. */
  seekAgain(assigned: Assigned): void {
    assigned.cursor = undefined;
    assigned.isPaused = false;
    assigned.sought = this.seekNow(assigned);
  }

  /** Moves the consumer behind what has not to be handled, such as the end markers of transactions. */
  async pass(assigned: Assigned): Promise<void> {
    const { scope, partition, cursor } = assigned;
    if (!cursor || cursor.check || cursor.next <= cursor.checkpoint.nextOffset) return;
    const from = cursor.checkpoint.nextOffset;
    const through = { nextOffset: cursor.next };
    const { context, ending } = this.parts;
    const own = { scope, partition };
    const taken = await context.sink.take({ ...own, from, items: [], count: 0, through }, ending);
    if (taken) cursor.checkpoint = taken;
    // Moved by another process: what lies between has not been read from there.
    const isBehind = !taken || taken.nextOffset < through.nextOffset;
    if (isBehind && !ending.aborted) this.seekAgain(assigned);
  }

  /** Waits for the store and the broker as long as it takes. */
  private async seekNow(assigned: Assigned): Promise<void> {
    const { context, ending, stop } = this.parts;
    const own = { scope: assigned.scope, partition: assigned.partition };
    for (const backoff = new Backoff(200); this.isCurrent(assigned);) {
      try {
        const checkpoint = await context.sink.open(own, ending);
        // Paused: the partition is sought again after a request of an operator.
        if (!checkpoint) {
          assigned.isPaused = true;
          if (this.isCurrent(assigned)) this.parts.pause(own);
          return;
        }
        const extent = (await this.parts.extents(own.scope))?.get(own.partition);
        const problem = problemOf(checkpoint, extent);
        if (problem !== undefined) stop(own, problem);
        else if (extent) this.seek(assigned, cursorAt(checkpoint, extent));
        return;
      } catch (error) {
        if (error instanceof SourceChanged) this.parts.fail(error);
        if (!this.isCurrent(assigned)) return;
        context.logger.warn({ ...own, err: error }, 'where to read is not known yet');
        const reason = isStoreFault(error) ? 'the read store does not answer' : kafkaAway;
        context.status.waits(own.scope, reason);
        await backoff.wait(ending);
      }
    }
  }

  private isCurrent(assigned: Assigned): boolean {
    return !this.parts.ending.aborted && this.of(assigned) === assigned;
  }

  private seek(assigned: Assigned, cursor: Cursor): void {
    if (!this.isCurrent(assigned)) return;
    this.parts.seek(assigned, cursor.next);
    assigned.cursor = cursor;
    assigned.movedAt = performance.now();
    this.parts.context.status.waits(assigned.scope, undefined);
  }
}
