import { describe, expect, it } from 'vitest';

import type { RecordedEvent } from './event.js';
import type { LogPage } from './read-log.js';
import { RecentEvents } from './recent-events.js';

const at = (position: bigint, bytes = 10): RecordedEvent => ({
  position,
  stream: 's-1',
  revision: position,
  id: '',
  type: 'T',
  isJson: true,
  data: Buffer.alloc(bytes),
  metadata: Buffer.alloc(0),
  created: 0n,
});

const positions = (page: LogPage | undefined) => page?.events.map((event) => event.position);

describe('the end of the log in memory', () => {
  it('gives what lies after a position, whether or not an event lies on it', () => {
    const recent = new RecentEvents(10n);
    recent.push([at(12n), at(15n), at(21n)]);
    expect(positions(recent.after(10n, 9))).toEqual([12n, 15n, 21n]);
    expect(positions(recent.after(12n, 1))).toEqual([15n]);
    expect(positions(recent.after(14n, 9))).toEqual([15n, 21n]);
    expect(positions(recent.after(21n, 9))).toEqual([]);
    expect(positions(recent.after(99n, 9))).toEqual([]);
  });

  it('does not answer for what came before it or was let go', () => {
    const recent = new RecentEvents(10n);
    expect(recent.after(9n, 9)).toBeUndefined();
    for (let position = 11n; position <= 40_010n; position += 1n) recent.push([at(position)]);
    expect(recent.after(11n, 9)).toBeUndefined();
    expect(positions(recent.after(40_008n, 9))).toEqual([40_009n, 40_010n]);
  });

  it('lets large events go by their bytes', () => {
    const recent = new RecentEvents(0n);
    const mebibyte = 1024 * 1024;
    for (let position = 1n; position <= 100n; position += 1n) recent.push([at(position, mebibyte)]);
    expect(recent.after(50n, 9)).toBeUndefined();
    expect(positions(recent.after(98n, 9))).toEqual([99n]);
  });

  it('gives large events in pages of no more bytes than one from the database', () => {
    const recent = new RecentEvents(0n);
    const quarter = 256 * 1024;
    recent.push(Array.from({ length: 6 }, (_, n) => at(BigInt(n) + 1n, quarter)));
    recent.push([at(7n, 8 * quarter), at(8n)]);
    const first = recent.after(0n, 512);
    expect(positions(first)).toEqual([1n, 2n, 3n, 4n]);
    expect(first?.complete).toBe(false);
    expect(positions(recent.after(4n, 512))).toEqual([5n, 6n, 7n]);
    expect(positions(recent.after(6n, 512))).toEqual([7n]);
    expect(recent.after(7n, 512)).toMatchObject({ events: [{ position: 8n }], complete: true });
  });

  it('says whether a page is the last one', () => {
    const recent = new RecentEvents(0n);
    expect(recent.after(0n, 2)?.complete).toBe(true);
    recent.push([at(1n), at(2n), at(3n)]);
    expect(recent.after(0n, 2)?.complete).toBe(false);
    expect(recent.after(0n, 3)?.complete).toBe(true);
  });

  it('wakes who waits for something newer, and who gives up', async () => {
    const recent = new RecentEvents(0n);
    const gone = new AbortController();
    const waiting = recent.changed(0n, new AbortController().signal);
    const leaving = recent.changed(5n, gone.signal);
    recent.push([at(3n)]);
    await waiting;
    gone.abort();
    await leaving;
    await recent.changed(0n, new AbortController().signal);
  });
});
