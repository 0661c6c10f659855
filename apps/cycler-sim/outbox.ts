import { randomUUID } from 'node:crypto';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import type { Program } from '#cycling/program/program.js';
import { enveloped } from '#device-link/device-client.js';
import type { UpKind } from '#device-link/topics.js';

import type { SavedStation } from './unit/saved-station.js';
import type { SavedUnit } from './unit/unit.js';

type Stations = Readonly<Record<string, SavedStation>>;

/** What a unit knows of itself after it had no power. */
export interface Kept {
  readonly unit: SavedUnit;
  readonly stations: Stations;
  /** Simulated time when it was kept, s since 1970, and the time of day then, ms since 1970. */
  readonly nowS: number;
  readonly wallMs: number;
}

/** A message in its envelope. */
export interface Entry {
  readonly session: string;
  readonly seq: number;
  readonly kind: UpKind;
  readonly text: string;
}

interface Held {
  readonly entry: Entry;
  segment: number;
  isAcknowledged: boolean;
}

/** A line of a segment: what came of one moment, wholly or not at all. */
interface Line extends Partial<Kept> {
  readonly messages: readonly Entry[];
  /** What was acknowledged since the line before. */
  readonly acknowledged: readonly (readonly [session: string, seq: number])[];
}

/** Part of all bytes that a segment has. */
const segmentShare = 1 / 8;
const isSegment = (file: string): boolean => /^\d{10}\.ndjson$/.test(file);
const fileOf = (segment: number): string => `${String(segment).padStart(10, '0')}.ndjson`;
const keyOf = ({ session, seq }: Pick<Entry, 'session' | 'seq'>): string => `${session}/${seq}`;

/**
 * What a unit has to send, on disk with the state that it said it in, so that a process that was killed goes on with
 * a state that fits what it said. It is bounded: of what is too much the oldest samples go. What was acknowledged
 * stays until then, for the server may miss it all the same.
 */
export class Outbox {
  readonly session = randomUUID();
  /** Messages that had to go before they were acknowledged. */
  givenUp = 0;
  private seq = 0;
  private readonly held = new Map<string, Held>();
  private queue: Held[] = [];
  private acknowledged: [string, number][] = [];
  private kept: Kept | undefined;
  /** Programs of the stations as they stand in the segment: they are long, and seldom others. */
  private readonly programs = new Map<string, Program>();
  private readonly segments: { readonly number: number; bytes: number }[] = [];

  private constructor(
    private readonly folder: string,
    private readonly device: string,
    private readonly maxBytes: number,
  ) {}

  static open(folder: string, device: string, maxBytes: number): Outbox {
    mkdirSync(folder, { recursive: true });
    const outbox = new Outbox(folder, device, maxBytes);
    for (const file of readdirSync(folder).filter(isSegment).sort()) outbox.read(file);
    outbox.restart();
    outbox.beginSegment();
    return outbox;
  }

  /** What was kept; undefined where nothing was yet. */
  get state(): Kept | undefined {
    return this.kept;
  }

  /** Messages that are not sent yet. */
  get waiting(): number {
    return this.queue.length;
  }

  /** Numbers messages, and keeps them with what they changed. */
  append(
    messages: readonly { readonly kind: UpKind; readonly body: object }[],
    changed: Pick<Kept, 'nowS' | 'wallMs'> & Partial<Kept>,
  ): void {
    const entries = messages.map(({ kind, body }) => {
      const { device, session } = this;
      const seq = (this.seq += 1);
      const text = JSON.stringify(enveloped({ device, session, seq }, body));
      return { session, seq, kind, text };
    });
    this.kept = {
      ...{ unit: { bound: {}, answers: [] }, ...this.kept, ...changed },
      stations: { ...this.kept?.stations, ...changed.stations },
    };
    this.write(entries, changed);
    for (const entry of entries) this.queue.push(this.hold(entry));
    if (this.segment.bytes >= this.maxBytes * segmentShare) this.beginSegment();
  }

  /** The oldest message that is not sent yet; from then on it is. */
  next(): Entry | undefined {
    return this.queue.shift()?.entry;
  }

  acknowledge(entry: Entry): void {
    const held = this.held.get(keyOf(entry));
    if (!held || held.isAcknowledged) return;
    held.isAcknowledged = true;
    this.acknowledged.push([entry.session, entry.seq]);
  }

  /** What was not acknowledged is to be sent again, over another connection. */
  restart(): void {
    this.queue = [...this.held.values()].filter(({ isAcknowledged }) => !isAcknowledged);
  }

  /** Messages that the server misses are to be sent again, as far as they are here. */
  resend(session: string, from: number, to: number): void {
    for (const held of this.held.values()) {
      const { entry } = held;
      if (entry.session !== session || entry.seq < from || entry.seq > to) continue;
      if (!this.queue.includes(held)) this.queue.push(held);
    }
  }

  /** The one that is written to. */
  private get segment(): { readonly number: number; bytes: number } {
    return this.segments.at(-1) ?? { number: 0, bytes: 0 };
  }

  private hold(entry: Entry): Held {
    const held = { entry, segment: this.segment.number, isAcknowledged: false };
    this.held.set(keyOf(entry), held);
    return held;
  }

  /** Begins a segment with the whole state, so that those before it can go. */
  private beginSegment(): void {
    this.segments.push({ number: this.segment.number + 1, bytes: 0 });
    this.programs.clear();
    const carried: Entry[] = [];
    const room = this.maxBytes * (1 - segmentShare);
    while (this.segments.reduce((sum, { bytes }) => sum + bytes, 0) > room) {
      const gone = this.segments.shift()?.number ?? 0;
      for (const [key, held] of this.held) {
        if (held.segment !== gone) continue;
        if (held.isAcknowledged || held.entry.kind === 'samples') {
          this.held.delete(key);
          if (!held.isAcknowledged) this.givenUp += 1;
        } else {
          // Steps and answers are few, and nothing else says what they say.
          held.segment = this.segment.number;
          carried.push(held.entry);
        }
      }
      this.queue = this.queue.filter(({ entry }) => this.held.has(keyOf(entry)));
      rmSync(join(this.folder, fileOf(gone)), { force: true });
    }
    this.write(carried, this.kept ?? {});
  }

  private write(messages: readonly Entry[], state: Partial<Kept>): void {
    const stations = Object.entries(state.stations ?? {}).map(([serial, saved]) => {
      const { execution } = saved;
      if (!execution) return [serial, saved];
      if (this.programs.get(serial) !== execution.program) {
        this.programs.set(serial, execution.program);
        return [serial, saved];
      }
      return [serial, { ...saved, execution: { ...execution, program: undefined } }];
    });
    const { acknowledged } = this;
    this.acknowledged = [];
    const line = { ...state, stations: Object.fromEntries(stations) as Stations };
    const text = `${JSON.stringify({ ...line, messages, acknowledged })}\n`;
    // Not flushed to the disk: what loses its power here is a process.
    appendFileSync(join(this.folder, fileOf(this.segment.number)), text);
    this.segment.bytes += Buffer.byteLength(text);
  }

  private read(file: string): void {
    const content = readFileSync(join(this.folder, file));
    this.segments.push({ number: parseInt(file, 10), bytes: content.length });
    for (const text of content.toString().split('\n')) {
      let line: Line;
      try {
        line = JSON.parse(text) as Line;
      } catch {
        // The end of the file, or a line that the loss of power cut off: nothing of it was sent.
        continue;
      }
      const { messages, acknowledged, stations = {}, ...others } = line;
      for (const entry of messages) this.hold(entry);
      for (const [session, seq] of acknowledged) {
        const held = this.held.get(keyOf({ session, seq }));
        if (held) held.isAcknowledged = true;
      }
      if (others.wallMs === undefined) continue;
      this.kept = {
        ...{ unit: { bound: {}, answers: [] }, nowS: 0, wallMs: 0, ...this.kept, ...others },
        stations: { ...this.kept?.stations, ...this.withPrograms(stations) },
      };
    }
  }

  /** A program that is left out is the one of before. */
  private withPrograms(stations: Stations): Stations {
    return Object.fromEntries(
      Object.entries(stations).map(([serial, saved]) => {
        const { execution } = saved;
        const before = this.kept?.stations[serial]?.execution?.program;
        const isLeftOut = execution && !('program' in execution);
        if (!isLeftOut || !before) return [serial, saved];
        return [serial, { ...saved, execution: { ...(execution as object), program: before } }];
      }),
    ) as Stations;
  }
}
