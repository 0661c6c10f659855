import { randomUUID } from 'node:crypto';

import { caughtUp, encodeConfirmation } from './encode-read.js';
import { type RecordedEvent, TOMBSTONE_TYPE } from './event.js';
import { streamDeleted } from './failure.js';
import type { LivePace } from './live-pace.js';
import type { Node } from './node.js';
import { encodeAll, type Messages } from './read-events.js';
import { PAGE_EVENTS } from './read-log.js';
import type { ReadPlan } from './read-plan.js';
import { openStream, type StreamSource, visiblePages } from './stream-source.js';

type Plan = Extract<ReadPlan, { kind: 'stream-live' }>;

/**
 * Follows one stream, written or derived: its visible events in pages, then from memory those that are
 * written from then on. A subscriber whose position is not in memory any more reads pages again. As on
 * a real server, it has caught up once and not before there is such a stream.
 */
export async function* subscribeToStream(
  node: Node,
  plan: Plan,
  pace: LivePace,
  signal: AbortSignal,
): Messages {
  const { stream, from } = plan;
  let source = await openStream(node, stream);
  yield [encodeConfirmation(randomUUID())];
  let after = typeof from === 'bigint' ? from : from === 'start' ? -1n : source.last;
  let exists = from === 'end';
  for (;;) {
    exists ||= source.window !== undefined;
    const missed = { from: after + 1n, backwards: false, limit: Infinity };
    for await (const events of visiblePages(source, missed)) {
      pace.check(events.length);
      yield await encodeAll(node, plan, events);
      after = events.at(-1)?.revision ?? after;
    }
    if (exists && pace.goesLive()) yield [caughtUp];
    for await (const added of liveEvents(node, source, signal)) {
      const events = added.filter(({ revision }) => revision > after);
      pace.check(events.length);
      if (events.length > 0) yield await encodeAll(node, plan, events);
      after = events.at(-1)?.revision ?? after;
      if (added.at(-1)?.type === TOMBSTONE_TYPE) throw streamDeleted(stream);
      exists ||= added.length > 0;
      if (exists && pace.goesLive()) yield [caughtUp];
    }
    if (signal.aborted) return;
    source = await openStream(node, stream);
  }
}

/** What each page of the log adds to a stream, until the next page is not in memory any more. */
async function* liveEvents(
  { recent }: Node,
  { position, added }: StreamSource,
  signal: AbortSignal,
): AsyncGenerator<readonly RecordedEvent[], void> {
  let cursor = position;
  for (;;) {
    const page = recent.after(cursor, PAGE_EVENTS);
    if (page === undefined || signal.aborted) return;
    const end = page.events.at(-1);
    if (end === undefined) {
      await recent.changed(cursor, signal);
    } else {
      yield added(page.events);
      cursor = end.position;
    }
  }
}
