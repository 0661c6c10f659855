import { setTimeout as sleep } from 'node:timers/promises';

import type { EventLog, Position, StoredEvent } from '#event-log/event-log.js';
import type { LogTail } from '#event-log/log-tail.js';
import { formatPosition } from '#event-log/position.js';
import { categoryOf } from '#event-log/stream-name.js';
import { heartbeat } from '#http/export.js';

export interface EventFilter {
  readonly categories?: readonly string[] | undefined;
  readonly types?: readonly string[] | undefined;
}

/** Events read at once: bounds the memory of one replay. */
const pageSize = 500;
const heartbeatMs = 15_000;
/** How long a feed that is busy goes on without asking whether its reader still may. */
const recheckMs = 1_000;
/** Between two attempts to know what an event shows. */
const retryMs = 500;

const passes = ({ categories, types }: EventFilter, { stream, type }: StoredEvent): boolean =>
  (categories?.includes(categoryOf(stream)) ?? true) && (types?.includes(type) ?? true);

/** As shown to an auditor: everything but what would help to guess a secret. */
export const shownEvent = (event: StoredEvent) => ({
  position: formatPosition(event.position),
  stream: event.stream,
  revision: Number(event.revision),
  type: event.type,
  id: event.id,
  // The log's own time: what the writer stored was taken before the event was in the log.
  recordedAt: event.created.toISOString(),
  data: withoutSecret(event.data),
  metadata: event.metadata,
});

/** Unknown, since who else writes to the log may store any JSON. */
const withoutSecret = (data: unknown): unknown =>
  typeof data === 'object' && data !== null && 'secretSha256' in data
    ? { ...data, secretSha256: '[redacted]' }
    : data;

/** The last line of a replay: where to go on, and whether the end of the log was reached. */
const trailer = (resumeFrom: Position | undefined, atEnd: boolean) => ({
  resumeFrom: resumeFrom ? formatPosition(resumeFrom) : '0',
  atEnd,
});

export interface ReplayOptions {
  /** Exclusive; from the start where absent. */
  readonly from?: Position | undefined;
  readonly limit?: number | undefined;
  /** After so many milliseconds in which nothing passed, a heartbeat. */
  readonly quietMs?: number;
}

/**
 * What lies after `from` and passes the filter, page by page up to the end of the log or `limit`; then
 * the trailer. Where little passes, heartbeats stand in between.
 */
export async function* replay(
  log: EventLog,
  filter: EventFilter,
  { from, limit = Number.POSITIVE_INFINITY, quietMs = heartbeatMs }: ReplayOptions = {},
): AsyncGenerator<object | typeof heartbeat> {
  let after = from;
  let left = limit;
  let shownAt = performance.now();
  for (;;) {
    const page = await log.readAll({ limit: pageSize, ...(after && { after }) });
    for (const event of page.events) {
      if (!passes(filter, event)) continue;
      if (left === 0) {
        yield trailer(after, false);
        return;
      }
      yield shownEvent(event);
      shownAt = performance.now();
      left -= 1;
      after = event.position;
    }
    after = page.next ?? after;
    if (page.atEnd) {
      yield trailer(after, true);
      return;
    }
    if (performance.now() - shownAt >= quietMs) {
      yield heartbeat;
      shownAt = performance.now();
    }
  }
}

export interface LiveOptions {
  readonly filter: EventFilter;
  /** Exclusive; from now on where absent. */
  readonly from: Position | undefined;
  /** What is shown of an event, `shownEvent` unless given; undefined passes it over, after `notYet` it is asked again. */
  readonly show?: (event: StoredEvent) => unknown;
  /** Ends the feed. */
  readonly signal: AbortSignal;
  /** Called before an event that comes a second or more after the last call, and before each wait; what it throws ends the feed. */
  readonly stillAllowed: () => Promise<unknown>;
}

/** What an event shows is not known yet: the feed says that it lives, and waits. */
export const notYet = Symbol('not yet');
const beat = ': \n\n';

const isAbortedAfter = async (ms: number, signal: AbortSignal): Promise<boolean> => {
  await sleep(ms);
  return signal.aborted;
};

const serverSentEvent = ({ position }: StoredEvent, shown: unknown): string =>
  `id: ${formatPosition(position)}\ndata: ${JSON.stringify(shown)}\n\n`;

/**
 * The log as server-sent events, without an end. A reader who is behind what the tail keeps in memory
 * is served pages of the log until he has caught up.
 */
export async function* live(
  log: EventLog,
  tail: LogTail,
  { filter, from, show = shownEvent, signal, stillAllowed }: LiveOptions,
): AsyncGenerator<string> {
  let position = from ?? tail.status().position ?? (await log.head());
  let asked = performance.now();
  const ask = async (): Promise<void> => {
    await stillAllowed();
    asked = performance.now();
  };
  yield 'retry: 2000\n\n';
  while (!signal.aborted) {
    const { events, next } = await eventsAfter(log, tail, position);
    for (const event of events) {
      if (performance.now() - asked >= recheckMs) await ask();
      if (!passes(filter, event)) continue;
      let shown = await show(event);
      while (shown === notYet) {
        yield beat;
        await ask();
        if (await isAbortedAfter(retryMs, signal)) return;
        shown = await show(event);
      }
      if (shown !== undefined) yield serverSentEvent(event, shown);
    }
    position = next;
    if (events.length > 0) continue;
    await ask();
    await tail.changed(position, { signal, timeoutMs: heartbeatMs });
    if (tail.after(position, 1)?.length !== 0) continue;
    // Says the position too, so that a filtered feed resumes where it was.
    yield position ? `: ${formatPosition(position)}\n\n` : beat;
  }
}

const eventsAfter = async (
  log: EventLog,
  tail: LogTail,
  position: Position | undefined,
): Promise<{ events: readonly StoredEvent[]; next: Position | undefined }> => {
  const kept = tail.after(position, pageSize);
  if (kept) return { events: kept, next: kept.at(-1)?.position ?? position };
  const page = await log.readAll({ limit: pageSize, ...(position && { after: position }) });
  return { events: page.events, next: page.next ?? position };
};
