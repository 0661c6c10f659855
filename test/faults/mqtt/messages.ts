import { randomUUID } from 'node:crypto';

import type { UpKind } from '#device-link/topics.js';
import { pick, shuffled } from '#test/support/seeded.js';

/** Values by `<series> <time in ms>`. */
export type Values = ReadonlyMap<string, number>;

export interface Message {
  readonly seq: number;
  readonly kind: UpKind;
  readonly payload: string;
  /** What counts of it, where nothing of these times was there before. */
  readonly values: Values;
  readonly isContradiction?: true;
  /** What of it is kept in the quarantine: a text that it alone holds, and the reason. */
  readonly wrong?: { readonly mark: string; readonly reason: string };
}

const rows = 4;
const rowMs = 2_500;
/** Messages of neighbouring times that come in any order. */
const mixed = 8;

export const key = (series: string, at: number): string => `${series} ${at}`;

type Malformed = 'no JSON' | 'NaN' | 'another id' | 'steps' | 'text' | 'future';
const kinds: readonly Malformed[] = ['no JSON', 'NaN', 'another id', 'steps', 'text', 'future'];

/** What one device sends, number by number. */
export class Messages {
  malformedSoFar = 0;
  private seq = 0;
  private slot = 0;
  private slots: number[] = [];
  /** First messages that nobody has contradicted yet. */
  private readonly opening: number[] = [];

  constructor(
    private readonly device: string,
    private readonly session: string,
    private readonly startsAt: number,
    private readonly random: () => number,
  ) {}

  /** Values of some seconds that no other message holds. */
  samples(): Message {
    const at = this.nextSlot();
    if (this.opening.length < mixed && this.seq < mixed) this.opening.push(at);
    return this.ofSlot(at, 0);
  }

  /** Other values for times of one of the first messages, else ordinary ones. */
  contradiction(): Message {
    const at = this.opening.shift();
    if (at === undefined) return this.samples();
    return { ...this.ofSlot(at, 1_000_000), isContradiction: true };
  }

  malformed(): Message {
    this.malformedSoFar += 1;
    const seq = (this.seq += 1);
    const mark = randomUUID();
    const none: Values = new Map();
    const at = this.nextSlot();
    const wrong = (reason: string) => ({ mark, reason });
    switch (pick(this.random, kinds)) {
      case 'no JSON':
        return {
          ...{ seq, kind: 'samples', payload: `{"v":1,"${mark}`, values: none },
          wrong: wrong('expected JSON'),
        };
      case 'NaN': {
        const payload = `{"v":1,"id":"${this.device}","mark":"${mark}","seq":NaN}`;
        return {
          ...{ seq, kind: 'samples', payload, values: none },
          wrong: wrong('NaN and Infinity'),
        };
      }
      case 'another id': {
        const payload = this.envelope(seq, { t: [at], series: { a: { values: [1] } } }, mark);
        return {
          ...{ seq, kind: 'samples', payload, values: none },
          wrong: wrong('the id of the topic'),
        };
      }
      case 'steps':
        return {
          ...{ seq, kind: 'steps', payload: this.envelope(seq, { mark }), values: none },
          wrong: wrong('nothing takes steps'),
        };
      case 'text': {
        const body = { t: [at, at + rowMs], series: { a: { values: [seq, mark] } } };
        const values = new Map([[key('a', at), seq]]);
        return {
          ...{ seq, kind: 'samples', payload: this.envelope(seq, body), values },
          wrong: wrong('expected a number'),
        };
      }
      case 'future': {
        const series = { a: { values: [seq, null] }, [`b-${mark}`]: { values: [null, seq] } };
        const body = { t: [at, Date.UTC(2099, 0)], series };
        const values = new Map([[key('a', at), seq]]);
        return {
          ...{ seq, kind: 'samples', payload: this.envelope(seq, body), values },
          wrong: wrong('ahead of the server'),
        };
      }
    }
  }

  private ofSlot(at: number, added: number): Message {
    const seq = (this.seq += 1);
    const times = Array.from({ length: rows }, (_, row) => at + row * rowMs);
    const a = times.map((_, row) => added + seq * rows + row);
    const b = a.map((value) => value / 4);
    const body = { t: times, series: { a: { values: a }, b: { values: b } } };
    const values = new Map<string, number>();
    for (const [row, time] of times.entries()) {
      values.set(key('a', time), a[row] ?? NaN);
      values.set(key('b', time), b[row] ?? NaN);
    }
    return { seq, kind: 'samples', payload: this.envelope(seq, body), values };
  }

  private envelope(seq: number, body: object, id = this.device): string {
    const sentAt = new Date().toISOString();
    return JSON.stringify({ v: 1, id, session: this.session, seq, sentAt, body });
  }

  private nextSlot(): number {
    if (this.slots.length === 0) {
      const next = Array.from({ length: mixed }, (_, index) => this.slot + index);
      this.slots = [...shuffled(this.random, next)];
      this.slot += mixed;
    }
    return this.startsAt + (this.slots.pop() ?? 0) * rows * rowMs;
  }
}
