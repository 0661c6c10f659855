import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, describe, expect, it } from 'vitest';

import type { BoardStation } from '#projections/station-board/board-queries.js';

import { boardFeed, type BoardFeedOptions, SharedBoard } from './station-board-feed.js';

const station = (id: string, position: number, more: Partial<BoardStation> = {}): BoardStation => ({
  ...{ id, name: id, location: '', status: 'inUse', unit: { id: 'u', name: 'pi', isOnline: true } },
  ...{ experiment: null, alarms: [], queue: { length: 0, next: null, held: null } },
  ...{ position: String(position), ...more },
});

const open: AbortController[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.abort();
});

/** What a reader is shown of a board that changes, as `id position`. */
const reading = (
  board: { stations: readonly BoardStation[] },
  options: Partial<BoardFeedOptions> = {},
) => {
  const stopping = new AbortController();
  open.push(stopping);
  const feed = boardFeed(() => Promise.resolve(board.stations), {
    ...{ from: undefined, stationId: undefined, signal: stopping.signal },
    stillAllowed: () => Promise.resolve(),
    ...options,
  });
  const read: string[] = [];
  const all = (async () => {
    for await (const message of feed) {
      const [, position] = /^id: (\d+)$/m.exec(message) ?? [];
      const [, data] = /^data: (.+)$/m.exec(message) ?? [];
      if (data) read.push(`${(JSON.parse(data) as BoardStation).id} ${String(position)}`);
    }
  })();
  return { read, all, stop: () => stopping.abort() };
};

describe('a feed of the board', () => {
  it('shows every station in use, then each that changes, in the order of changes', async () => {
    const gone = station('gone', 1, { status: 'retired' });
    const board = { stations: [station('a', 9), station('b', 5), gone] };
    const { read } = reading(board);
    await sleep(100);
    expect(read).toEqual(['b 5', 'a 9']);
    board.stations = [station('a', 9), station('b', 12, { status: 'retired' }), gone];
    await sleep(600);
    expect(read.slice(2)).toEqual(['b 12']);
  });

  it('shows one station alone, and after a position what has changed since', async () => {
    const board = { stations: [station('a', 9), station('b', 5), station('c', 8)] };
    const one = reading(board, { stationId: 'b' });
    const resumed = reading(board, { from: '8' });
    await sleep(100);
    expect([one.read, resumed.read]).toEqual([['b 5'], ['c 8', 'a 9']]);
    board.stations = [station('a', 9), station('b', 10), station('c', 8)];
    await sleep(600);
    expect([one.read.at(-1), resumed.read.at(-1)]).toEqual(['b 10', 'b 10']);
  });

  it('shows a station that changes all the time twice a second at most', async () => {
    const board = { stations: [station('a', 1)] };
    const { read } = reading(board);
    for (let position = 2; position < 80; position += 1) {
      board.stations = [station('a', position)];
      await sleep(15);
    }
    expect(read.length).toBeGreaterThan(1);
    expect(read.length).toBeLessThanOrEqual(4);
  });

  it('ends when its reader may not read any more', async () => {
    let isAllowed = true;
    const { all } = reading(
      { stations: [station('a', 1)] },
      {
        stillAllowed: () =>
          isAllowed ? Promise.resolve() : Promise.reject(new Error('the key is revoked')),
      },
    );
    isAllowed = false;
    await expect(all).rejects.toThrow('revoked');
  });

  it('reads the board once for all who follow it', async () => {
    let reads = 0;
    const shared = new SharedBoard(() => {
      reads += 1;
      return Promise.resolve([]);
    });
    await Promise.all(Array.from({ length: 10 }, () => shared.read()));
    expect(reads).toBe(1);
    await sleep(300);
    await shared.read();
    expect(reads).toBe(2);
  });
});
