import { randomUUID } from 'node:crypto';

import { linkRecord, membershipOf } from './derived-streams.js';
import { caughtUp, encodeConfirmation } from './encode-read.js';
import { MAX_REVISION, type RecordedEvent } from './event.js';
import { LivePace } from './live-pace.js';
import type { Node } from './node.js';
import { encodeAll, type Messages, PAGE } from './read-events.js';
import type { ReadPlan } from './read-plan.js';

type Plan = Extract<ReadPlan, { kind: 'stream-live' }>;

/**
 * Follows `$ce-<category>` or `$et-<type>`: the links that are there, then those to what is written
 * from then on. The live part counts on from the index in memory, so that it costs no query and adds
 * nothing to the index; a subscriber whose place is not in memory any more goes back to reading pages.
 */
export async function* subscribeToDerived(node: Node, plan: Plan, signal: AbortSignal): Messages {
  const { stream, from } = plan;
  const belongs = membershipOf(stream);
  let reached = await node.derived.end(stream);
  let after = afterRevision(from, reached.last);
  yield [encodeConfirmation(randomUUID())];
  let caughtUpOnce = false;
  const pace = new LivePace(node);
  while (!signal.aborted) {
    const recent = caughtUpOnce ? node.recent.after(reached.position, PAGE) : undefined;
    if (recent === undefined) {
      pace.check(Infinity);
      reached = await node.derived.end(stream);
      for await (const links of linksBetween(node, stream, after, reached.last)) {
        yield await encodeAll(node, plan, links);
        after = links.at(-1)?.revision ?? after;
      }
      yield [caughtUp];
      pace.goesLive();
      caughtUpOnce = true;
      continue;
    }
    const { events } = recent;
    const end = events.at(-1);
    if (end === undefined) {
      await node.recent.changed(reached.position, signal);
      pace.start();
      continue;
    }
    const all = events
      .filter(belongs)
      .map((event, index) => linkRecord(stream, reached.last + 1n + BigInt(index), event));
    reached = { position: end.position, last: all.at(-1)?.revision ?? reached.last };
    const known = after;
    const links = all.filter(({ revision }) => revision > known);
    pace.check(links.length);
    if (links.length > 0) yield await encodeAll(node, plan, links);
    after = links.at(-1)?.revision ?? after;
  }
}

const afterRevision = (from: Plan['from'], last: bigint): bigint => {
  if (from === 'start') return -1n;
  return from === 'end' ? last : from;
};

/** Pages of the links behind one revision, up to another. */
async function* linksBetween(
  { derived }: Node,
  stream: string,
  after: bigint,
  last: bigint,
): AsyncGenerator<readonly RecordedEvent[], void> {
  let reached = after;
  while (reached < last && reached < MAX_REVISION) {
    const range = { stream, first: reached + 1n, last, createdFrom: 0n };
    const { events, complete } = await derived.stream(range, false, PAGE);
    const end = events.at(-1);
    if (end === undefined) return;
    yield events;
    if (complete) return;
    reached = end.revision;
  }
}
