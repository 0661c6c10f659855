import type { EventMetadata } from '#kernel/event.js';
import { ProtoReader } from '#protobuf/proto-reader.js';

import { carriedIn } from './carried.js';
import type { Position, StoredEvent } from './event-log.js';
import type { RawEvent } from './raw-log.js';
import { uuidIn } from './wire-uuid.js';

/** Answers to reads and subscriptions, read by hand: there is one for each event and reader (ADR 0040). */

const noBytes: Buffer = Buffer.alloc(0);
/** A tick of the store's clock is 100 ns. */
const digitsBelowMs = 4;

/** An event as it came: its texts are parsed when somebody looks at them, and then once. */
class WireEvent implements StoredEvent {
  id = '';
  stream = '';
  revision = 0n;
  type = '<no-event-type-provided>';
  position: Position = { commit: 0n, prepare: 0n };
  bytes = 0;
  /** As stored, until they are parsed. */
  private storedData: Buffer | undefined;
  private storedMetadata: Buffer | undefined;
  private parsedData: unknown;
  private parsedMetadata: unknown;
  private isJson = false;
  private ticks = '';

  get data(): Readonly<Record<string, unknown>> {
    if (this.storedData) {
      this.parsedData = this.isJson ? dataOf(this.storedData) : this.storedData;
      this.storedData = undefined;
    }
    return this.parsedData as Readonly<Record<string, unknown>>;
  }

  get metadata(): EventMetadata {
    if (this.storedMetadata) {
      this.parsedMetadata = metadataOf(this.storedMetadata);
      this.storedMetadata = undefined;
    }
    return this.parsedMetadata as EventMetadata;
  }

  get created(): Date {
    const ms = Number(this.ticks.slice(0, -digitsBelowMs));
    return new Date(Number.isNaN(ms) ? 0 : ms);
  }

  /** `RecordedEvent`. */
  static in(reader: ProtoReader): WireEvent {
    const event = new WireEvent();
    let data = noBytes;
    let metadata = noBytes;
    let prepare = 0n;
    let commit = 0n;
    while (reader.next()) {
      switch (reader.field) {
        case 1:
          event.id = uuidIn(reader.message());
          break;
        case 2:
          event.stream = nameIn(reader.message());
          break;
        case 3:
          event.revision = reader.uint64();
          break;
        case 4:
          prepare = reader.uint64();
          break;
        case 5:
          commit = reader.uint64();
          break;
        case 6:
          event.setProperty(reader.message());
          break;
        case 7:
          metadata = reader.bytes();
          break;
        case 8:
          data = reader.bytes();
          break;
        default:
          reader.skip();
      }
    }
    event.position = { commit, prepare };
    event.bytes = data.length + metadata.length;
    event.storedData = data;
    const carried = carriedIn(metadata);
    event.storedMetadata = carried?.metadata ?? metadata;
    if (carried) event.ticks = carried.ticks;
    return event;
  }

  /** Before anybody has looked at its data or metadata. */
  raw(): RawEvent {
    const { id, stream, revision, type, position, isJson, ticks: created } = this;
    const { storedData: data, storedMetadata: metadata } = this;
    if (!data || !metadata) throw new Error(`event ${id} was parsed: its bytes are gone`);
    return { id, stream, revision, type, position, isJson, created, data, metadata };
  }

  /** An entry of the map of properties. */
  private setProperty(entry: ProtoReader): void {
    let key = '';
    let value = '';
    while (entry.next()) {
      if (entry.field === 1) key = entry.ascii();
      else if (entry.field === 2) value = entry.string();
      else entry.skip();
    }
    if (key === 'type') this.type = value;
    else if (key === 'created') this.ticks = value;
    else if (key === 'content-type') this.isJson = value === 'application/json';
  }
}

/** What others wrote may not be JSON although it says so. */
const dataOf = (bytes: Buffer): unknown => {
  const text = bytes.toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

/** Absent, or no JSON, only on events that others wrote. */
const metadataOf = (bytes: Buffer): unknown => {
  if (bytes.length === 0) return {};
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return bytes;
  }
};

const nameIn = (identifier: ProtoReader): string => {
  let name = '';
  while (identifier.next()) {
    if (identifier.field === 3) name = identifier.string();
    else identifier.skip();
  }
  return name;
};

/** One message of an answer to a read. */
export interface Answer {
  /** Whether it is an entry of the log: an event, a link, or both. */
  readonly isEntry: boolean;
  /** Absent where a link leads nowhere. */
  readonly event?: (StoredEvent & { raw(): RawEvent }) | undefined;
  /** Where the entry stands in `$all`: of a link its own place. */
  readonly position?: Position | undefined;
}

/** Checkpoints, confirmations, and that a stream is missing: it is an empty one. */
const noEntry: Answer = { isEntry: false };

/** `ReadResp`. Throws `MalformedMessage`. */
export const decodeAnswer = (bytes: Buffer): Answer => {
  const reader = new ProtoReader(bytes);
  let answer = noEntry;
  while (reader.next()) {
    if (reader.field === 1) answer = entryIn(reader.message());
    else reader.skip();
  }
  return answer;
};

/** `ReadEvent`. */
const entryIn = (reader: ProtoReader): Answer => {
  let event: WireEvent | undefined;
  let link: WireEvent | undefined;
  while (reader.next()) {
    if (reader.field === 1) event = WireEvent.in(reader.message());
    else if (reader.field === 2) link = WireEvent.in(reader.message());
    else reader.skip();
  }
  if (event && link) event.position = link.position;
  return { isEntry: true, event, position: (link ?? event)?.position };
};
