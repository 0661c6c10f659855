import type { Position, StoredEvent } from '#event-log/event-log.js';
import { isAfter } from '#event-log/position.js';
import type { Contract } from '#kernel/contract.js';
import type { PageReader } from '#subscription/page-reader.js';

import { toRecord } from '../cloud-event.js';
import { partitionerFor } from '../cluster/partitioner.js';
import type { Publication } from '../fact.js';
import { type RelayPosition, startOf, type TopicPosition } from './position-record.js';
import type { PlacedRecord } from './publisher.js';

export interface PortionLimits {
  readonly maxRecords: number;
  readonly maxBytes: number;
}

/** What goes into one transaction: everything that is published of a stretch of the log. */
export interface Portion {
  /** By the plain name of the topic. */
  readonly batches: ReadonlyMap<string, readonly PlacedRecord[]>;
  readonly records: number;
  /** Events of the stretch, published or not. */
  readonly events: number;
  /** Where the stretch ends. */
  readonly through: Position;
  /** Its last event, and when the store wrote that. */
  readonly lastId: string;
  readonly created: Date;
  /** The first published event, for messages. */
  readonly first: Pick<StoredEvent, 'id' | 'type' | 'stream'> | undefined;
}

/** Hands out portions from a position on. Of no use after a failure: what was read ahead is lost with it. */
export interface PortionFeed {
  /**
   * The next portion; undefined at the end of the log. Rejects with what the log says, and with why
   * its first event cannot be mapped. Asked again only when it has answered.
   */
  next(): Promise<Portion | undefined>;
  /** How far the log was read. */
  readonly position: Position | undefined;
  /** As that of the log, where it is read on a connection of its own; else 0. */
  readonly epoch: number;
  /** For portions that are not cut yet. */
  limit(limits: PortionLimits): void;
}

/** What a page of the log may hold in memory. */
export const pageLimits = { maxEvents: 1_000, maxBytes: 4 * 1024 * 1024 };

/** A portion without records ends after so many events, so that the position moves. */
const maxEvents = 10_000;
const rememberedPartitions = 50_000;

/** On which partition a key lies. Remembers, because hashing costs. */
export class Placement {
  private readonly known = new Map<string, number>();
  private readonly partitioners = new Map<string, (key: string) => number>();

  partitionOf({ topic, partitions }: Contract, key: string): number {
    const id = `${topic} ${key}`;
    const known = this.known.get(id);
    if (known !== undefined) return known;
    const partitioner = this.partitioners.get(topic) ?? partitionerFor(topic, partitions);
    this.partitioners.set(topic, partitioner);
    const partition = partitioner(key);
    if (this.known.size >= rememberedPartitions) this.known.clear();
    this.known.set(id, partition);
    return partition;
  }
}

export interface PortionSource {
  /** Not read by anybody else. */
  readonly reader: PageReader;
  readonly publication: Publication;
  readonly placement: Placement;
}

/** Cuts the log after a position into portions, in its order. */
export class Portions implements PortionFeed {
  readonly epoch = 0;
  private waiting: readonly StoredEvent[] = [];
  private used = 0;
  private readonly topics: ReadonlyMap<string, TopicPosition>;

  constructor(
    private readonly source: PortionSource,
    position: RelayPosition,
    private limits: PortionLimits,
  ) {
    this.topics = position.topics;
    source.reader.seek(startOf(position, source.publication.contracts));
  }

  get position(): Position | undefined {
    return this.source.reader.position;
  }

  limit(limits: PortionLimits): void {
    this.limits = limits;
  }

  async next(): Promise<Portion | undefined> {
    const portion = new PortionBuilder();
    while (portion.events < maxEvents) {
      if (this.used === this.waiting.length) {
        this.waiting = await this.source.reader.next();
        this.used = 0;
        if (this.waiting.length === 0) break;
      }
      const isFull = this.take(portion);
      if (isFull) break;
    }
    return portion.done();
  }

  /** Fills the portion from what was read. True when nothing more goes in. */
  private take(portion: PortionBuilder): boolean {
    for (; this.used < this.waiting.length; this.used += 1) {
      const event = this.waiting[this.used];
      if (!event) continue;
      if (portion.records >= this.limits.maxRecords) return true;
      try {
        const placed = this.placed(event);
        const isTooMuch = placed && portion.bytes + placed.bytes > this.limits.maxBytes;
        if (isTooMuch && portion.records > 0) return true;
        if (placed) portion.add(placed);
      } catch (error) {
        portion.fail(error);
        return true;
      }
      portion.pass(event);
    }
    return false;
  }

  private placed(event: StoredEvent): Placed | undefined {
    const { publication, placement } = this.source;
    const published = publication.of(event);
    if (!published) return undefined;
    const { contract, fact } = published;
    const done = this.topics.get(contract.topic);
    if (done?.position && !isAfter(event.position, done.position)) return undefined;
    const partition = placement.partitionOf(contract, event.stream);
    const held = done?.held?.get(partition);
    if (held && !isAfter(event.position, held)) return undefined;
    const record = { ...toRecord(fact), partition };
    return { event, topic: contract.topic, record, bytes: sizeOf(record) };
  }
}

interface Placed {
  readonly event: StoredEvent;
  readonly topic: string;
  readonly record: PlacedRecord;
  readonly bytes: number;
}

class PortionBuilder {
  readonly batches = new Map<string, PlacedRecord[]>();
  records = 0;
  events = 0;
  bytes = 0;
  private first: Portion['first'];
  private last: StoredEvent | undefined;
  private failed: { readonly error: unknown } | undefined;

  add({ event, topic, record, bytes }: Placed): void {
    const batch = this.batches.get(topic);
    if (batch) batch.push(record);
    else this.batches.set(topic, [record]);
    this.records += 1;
    this.bytes += bytes;
    const { id, type, stream } = event;
    this.first ??= { id, type, stream };
  }

  pass(event: StoredEvent): void {
    this.events += 1;
    this.last = event;
  }

  fail(error: unknown): void {
    this.failed = { error };
  }

  /** Throws what made it end before its first event. */
  done(): Portion | undefined {
    const { batches, records, events, first, last, failed } = this;
    if (!last) {
      if (failed) throw failed.error;
      return undefined;
    }
    const { position: through, id: lastId, created } = last;
    return { batches, records, events, through, lastId, created, first };
  }
}

/** Rough, and rather too much: what a batch may hold is a limit of ours, not of Kafka's. */
const sizeOf = ({ key, value, headers = {} }: PlacedRecord): number => {
  let bytes = 64 + key.length + value.length;
  for (const name in headers) bytes += name.length + (headers[name]?.length ?? 0) + 4;
  return bytes;
};
