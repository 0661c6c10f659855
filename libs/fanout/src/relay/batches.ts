import type { EventLog, Position, StoredEvent } from '#event-log/event-log.js';
import { isAfter } from '#event-log/position.js';
import { PageReader } from '#subscription/page-reader.js';

import { toRecord } from '../cloud-event.js';
import type { Partitioner } from '../cluster/partitioner.js';
import type { Publication } from '../fact.js';
import { type RelayPosition, startOf, type TopicPosition } from './position-record.js';
import type { PartitionedRecord } from './publisher.js';

export interface BatchLimits {
  readonly maxRecords: number;
  readonly maxBytes: number;
}

/** What goes into one transaction: everything that is published of a stretch of the log. */
export interface Batch {
  /** By the plain name of the topic. */
  readonly topics: ReadonlyMap<string, readonly PartitionedRecord[]>;
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

/** Cuts the log after a position into batches. Of no use after a failure: what was read ahead is lost with it. */
export interface BatchSource {
  /**
   * The next batch; undefined at the end of the log. Rejects with the error of the log, and with why its
   * first event cannot be mapped. One call at a time.
   */
  next(limits: BatchLimits): Promise<Batch | undefined>;
  /** Through which position the log was read. */
  readonly position: Position | undefined;
  /** As that of the log, where it is read on a connection of its own; else 0. */
  readonly epoch: number;
}

/** What a page of the log may hold in memory. */
const pageLimits = { maxEvents: 1_000, maxBytes: 4 * 1024 * 1024 };
/** A batch without records ends after so many events, so that the position moves. */
const maxEvents = 10_000;

export interface BatchParts {
  readonly log: Pick<EventLog, 'readAll'>;
  readonly publication: Publication;
  readonly partitioner: Partitioner;
}

export class LogBatches implements BatchSource {
  readonly epoch = 0;
  private readonly reader: PageReader;
  private readonly topics: ReadonlyMap<string, TopicPosition>;
  private events: readonly StoredEvent[] = [];
  private used = 0;

  constructor(
    private readonly parts: BatchParts,
    position: RelayPosition,
  ) {
    this.topics = position.topics;
    this.reader = new PageReader(parts.log, undefined, pageLimits);
    this.reader.seek(startOf(position, parts.publication.contracts));
  }

  get position(): Position | undefined {
    return this.reader.position;
  }

  async next({ maxRecords, maxBytes }: BatchLimits): Promise<Batch | undefined> {
    const topics = new Map<string, PartitionedRecord[]>();
    let [records, bytes, events] = [0, 0, 0];
    let [first, last]: (StoredEvent | undefined)[] = [];
    while (events < maxEvents && records < maxRecords) {
      const event = this.events[this.used] ?? (await this.readOn());
      if (!event) break;
      try {
        const placed = this.recordOf(event);
        if (placed) {
          const size = sizeOf(placed.record);
          if (records > 0 && bytes + size > maxBytes) break;
          const of = topics.get(placed.topic);
          if (of) of.push(placed.record);
          else topics.set(placed.topic, [placed.record]);
          records += 1;
          bytes += size;
          first ??= event;
        }
      } catch (error) {
        if (!last) throw error;
        break;
      }
      this.used += 1;
      events += 1;
      last = event;
    }
    if (!last) return undefined;
    const { position: through, id: lastId, created } = last;
    const { id, type, stream } = first ?? last;
    const named = first && { id, type, stream };
    return { topics, records, events, through, lastId, created, first: named };
  }

  private async readOn(): Promise<StoredEvent | undefined> {
    this.events = await this.reader.next();
    this.used = 0;
    return this.events[0];
  }

  /** Undefined for what is not published, or lies on its topic already. */
  private recordOf(event: StoredEvent): { topic: string; record: PartitionedRecord } | undefined {
    const { publication, partitioner } = this.parts;
    const published = publication.of(event);
    if (!published) return undefined;
    const { contract, fact } = published;
    const { topic } = contract;
    const done = this.topics.get(topic);
    if (done?.position && !isAfter(event.position, done.position)) return undefined;
    const partition = partitioner.partitionOf(contract, fact.key);
    const last = done?.lastFacts?.get(partition);
    if (last && !isAfter(event.position, last)) return undefined;
    return { topic, record: { ...toRecord(fact), partition } };
  }
}

/** Rough, and rather too much: what a batch may hold is a limit of ours, not of Kafka's. */
const sizeOf = ({ key, value, headers = {} }: PartitionedRecord): number => {
  let bytes = 64 + key.length + value.length;
  for (const name in headers) bytes += name.length + (headers[name]?.length ?? 0) + 4;
  return bytes;
};
