import { LRUCache } from 'lru-cache';

import { carry } from '#event-log/carried.js';
import { AppendTooLarge, StreamGone, WrongExpectedRevision } from '#event-log/event-log.js';
import type { NewRawEvent, OrderedAppends, RawEvent, RawLog } from '#event-log/raw-log.js';
import { readOne } from '#event-log/read-one.js';
import { contentIdOf } from '#kernel/ids.js';

import { removedType } from './carried-events.js';
import { ArchiveDamaged, ArchiveRefused } from './damaged.js';

/** Of one append: every store takes as much. */
const appendEvents = 500;
const appendBytes = 128 * 1024;
/** Under way at once. A store decides appends in the order in which they come on one call. */
const appendsAtOnce = 256;
const bytesAtOnce = 4 * 1024 * 1024;
/** More than are under way: where a stream is not kept, the store knows its end. */
const keptEnds = 100_000;
const mostRemoved = 1_000_000n;

interface Run {
  readonly stream: string;
  /** Revision of the last event before it. */
  readonly before: bigint;
  readonly events: NewRawEvent[];
  bytes: number;
  /** Of its first event. */
  readonly where: string;
}

/** Appends events of many streams in the order of the log that they come from, each at its revision. */
export class InOrderAppender {
  private run: Run | undefined;
  private readonly ends = new LRUCache<string, bigint>({ max: keptEnds });
  private readonly underWay = new Set<Promise<void>>();
  private bytes = 0;
  private failure: Error | undefined;
  private readonly appends: OrderedAppends;

  constructor(private readonly log: RawLog) {
    this.appends = log.inOrder();
  }

  /** The target holds this event. */
  saw({ stream, revision }: RawEvent): void {
    this.ends.set(stream, revision);
  }

  /** `where`: what an error names. Throws what an earlier append failed with. */
  async add(event: RawEvent, where: string): Promise<void> {
    const { stream, revision, created } = event;
    const end = await this.endOf(event);
    if (revision <= end || revision - end > mostRemoved) {
      const reason = `stream ${stream} ends at ${String(end)} in the target, and this is its event ${String(revision)}`;
      throw new ArchiveDamaged(where, reason);
    }
    for (let removed = end + 1n; removed < revision; removed += 1n) {
      await this.push(stream, removed, standIn(stream, removed, created), where);
    }
    const metadata = carry(event.metadata, created);
    const { id, type, isJson, data } = event;
    await this.push(stream, revision, { id, type, isJson, data, metadata }, where);
    this.ends.set(stream, revision);
  }

  /** Resolves when all is stored. */
  async finish(): Promise<void> {
    if (!this.failure) this.send();
    await Promise.all(this.underWay);
    this.appends.close();
    if (this.failure) throw this.failure;
  }

  private async endOf({ stream, revision }: RawEvent): Promise<bigint> {
    const known = this.ends.get(stream);
    if (known !== undefined || revision === 0n) return known ?? -1n;
    const last = await readOne(this.log, stream, { direction: 'backwards' });
    if (last) return last.revision;
    // A window that an import before this one brought hides what is there.
    const metadata = await readOne(this.log, `$$${stream}`, { direction: 'backwards' });
    return metadata ? revision - 1n : -1n;
  }

  private async push(
    stream: string,
    revision: bigint,
    event: NewRawEvent,
    where: string,
  ): Promise<void> {
    const bytes = event.data.length + event.metadata.length + 2 * event.type.length;
    const { run } = this;
    const fits =
      run?.stream === stream &&
      run.events.length < appendEvents &&
      run.bytes + bytes <= appendBytes;
    if (!fits) await this.sendWithRoom();
    // The store may refuse it, and would take those that were sent behind it.
    if (bytes > appendBytes) await this.settled();
    this.run ??= { stream, before: revision - 1n, events: [], bytes: 0, where };
    this.run.events.push(event);
    this.run.bytes += bytes;
    if (bytes <= appendBytes) return;
    this.send();
    await this.settled();
  }

  private async settled(): Promise<void> {
    await Promise.all(this.underWay);
    if (this.failure) await this.finish();
  }

  private async sendWithRoom(): Promise<void> {
    this.send();
    while (this.underWay.size >= appendsAtOnce || this.bytes > bytesAtOnce) {
      await Promise.race(this.underWay);
      // Nothing is sent behind what failed: it would come before it.
      if (this.failure) break;
    }
    if (this.failure) await this.finish();
  }

  private send(): void {
    const { run } = this;
    if (!run) return;
    this.run = undefined;
    this.bytes += run.bytes;
    const sent = this.append(run).finally(() => {
      this.bytes -= run.bytes;
      this.underWay.delete(sent);
    });
    this.underWay.add(sent);
  }

  private async append({ stream, before, events, where }: Run): Promise<void> {
    try {
      await this.appends.append(stream, events, before < 0n ? 'no_stream' : before);
    } catch (error) {
      this.failure ??= failureOf(error, where);
    }
  }
}

/** Keeps the revision of an event that the former store had removed. */
const standIn = (stream: string, revision: bigint, created: string): NewRawEvent => ({
  id: contentIdOf('removed', stream, revision.toString()),
  type: removedType,
  isJson: true,
  data: Buffer.from('{}'),
  metadata: carry(Buffer.alloc(0), created),
});

const failureOf = (error: unknown, where: string): Error => {
  if (error instanceof WrongExpectedRevision || error instanceof StreamGone) {
    return new ArchiveRefused(
      `${where}: ${error.message}: somebody else writes to the target. Begin again with an empty one`,
    );
  }
  if (error instanceof AppendTooLarge) {
    return new ArchiveRefused(
      `${where}: the event is larger than the target takes (EVENT_NODE_MAX_APPEND_BYTES of an event node, MaxAppendSize of EventStoreDB): raise that, and run the import again`,
    );
  }
  return error instanceof Error ? error : new Error(String(error));
};
