import { pause } from '#event-log/pause.js';
import type { BoardStation } from '#projections/station-board/board-queries.js';
import { isStoreFault } from '#read-store/store-errors.js';

/** A station is shown twice a second at most; the board is read as often, for all who follow it. */
const tickMs = 500;
const heartbeatMs = 15_000;
/** How long a feed goes on without asking whether its reader still may. */
const recheckMs = 1_000;

export type ReadBoard = () => Promise<readonly BoardStation[]>;

/** The board as it is read for everybody who follows it: once in a tick, and not at all where nobody does. */
export class SharedBoard {
  private reading: Promise<readonly BoardStation[]> | undefined;
  private readAt = -Infinity;

  constructor(
    private readonly readNow: ReadBoard,
    private readonly maxAgeMs = tickMs / 2,
  ) {}

  readonly read: ReadBoard = () => {
    if (this.reading && performance.now() - this.readAt < this.maxAgeMs) return this.reading;
    this.readAt = performance.now();
    this.reading = this.readNow();
    return this.reading;
  };
}

export interface BoardFeedOptions {
  /** Goes on after this position (decimal); all stations in use are shown first where absent. */
  readonly from: string | undefined;
  /** One station alone. */
  readonly stationId: string | undefined;
  readonly signal: AbortSignal;
  /** What it throws ends the feed. */
  readonly stillAllowed: () => Promise<unknown>;
}

/**
 * The board as server-sent events: each station when it has changed. A reader who is slow is shown what is newest then,
 * so that nothing piles up for him.
 */
export async function* boardFeed(
  read: ReadBoard,
  { from, stationId, signal, stillAllowed }: BoardFeedOptions,
): AsyncGenerator<string> {
  const known = new Map<string, string>();
  let [askedAt, beatAt] = [performance.now(), performance.now()];
  yield 'retry: 2000\n\n';
  while (!signal.aborted) {
    for (const station of await boardNow(read)) {
      if (stationId !== undefined && station.id !== stationId) continue;
      const text = JSON.stringify(station);
      const before = known.get(station.id);
      known.set(station.id, text);
      const isNews = before === undefined ? isShownFirst(station, from) : before !== text;
      if (!isNews) continue;
      yield `id: ${station.position}\ndata: ${text}\n\n`;
      beatAt = performance.now();
    }
    if (performance.now() - beatAt >= heartbeatMs) {
      yield ': \n\n';
      beatAt = performance.now();
    }
    await pause(tickMs, signal);
    if (performance.now() - askedAt < recheckMs) continue;
    await stillAllowed();
    askedAt = performance.now();
  }
}

/** What lies at `from` itself may have been seen in part only. */
const isShownFirst = ({ status, position }: BoardStation, from: string | undefined): boolean =>
  from === undefined ? status === 'inUse' : BigInt(position) >= BigInt(from);

/** In the order of their changes, so that who goes on after one of them misses none. None while the store is away. */
const boardNow = async (read: ReadBoard): Promise<readonly BoardStation[]> => {
  try {
    const stations = await read();
    return stations.toSorted((one, other) => Number(BigInt(one.position) - BigInt(other.position)));
  } catch (error) {
    if (isStoreFault(error)) return [];
    throw error;
  }
};
