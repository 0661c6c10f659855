import { randomUUID } from 'node:crypto';

import { caughtUp, encodeCheckpoint, encodeConfirmation } from './encode-read.js';
import type { RecordedEvent } from './event.js';
import { invalidArgument } from './failure.js';
import type { EventFilter } from './filters.js';
import type { LivePace } from './live-pace.js';
import type { Node } from './node.js';
import { ReadAhead } from './read-ahead.js';
import { encodeAll, expectRecord, type Messages } from './read-events.js';
import { PAGE_EVENTS } from './read-log.js';
import type { ReadPlan } from './read-plan.js';

type Plan = Extract<ReadPlan, { kind: 'all-live' }>;

/**
 * Follows the log: what lies behind is read in pages, what is new comes from memory. The subscriber
 * is a cursor and nothing more. As on a real server, a cursor beyond the end gets nothing until
 * something lies beyond it, and a live subscriber that is too slow is dropped and has to resume.
 */
export async function* subscribeToAll(
  node: Node,
  plan: Plan,
  pace: LivePace,
  signal: AbortSignal,
): Messages {
  await expectRecord(node, plan.from, () =>
    invalidArgument('The position is no event of the log.'),
  );
  let cursor = startOf(plan.from, node);
  yield [encodeConfirmation(randomUUID())];
  const checkpoints = plan.filter && new Checkpoints(plan.filter);
  const ahead = new ReadAhead(node.reader);
  while (!signal.aborted) {
    pace.check(node.recent.countAfter(cursor));
    const recent = node.recent.after(cursor, PAGE_EVENTS);
    const { events } = recent ?? (await ahead.page(cursor + 1n, PAGE_EVENTS, true));
    const end = events.at(-1);
    if (end === undefined) {
      if (pace.goesLive()) yield [caughtUp];
      await node.recent.changed(cursor, signal);
      continue;
    }
    yield checkpoints === undefined
      ? await encodeAll(node, plan, events)
      : await filtered(node, plan, events, checkpoints);
    cursor = end.position;
  }
}

const startOf = (from: Plan['from'], { recent }: Node): bigint => {
  if (from === 'start') return 0n;
  if (from === 'end') return recent.head;
  return from.including ? from.position - 1n : from.position;
};

const filtered = async (
  node: Node,
  plan: Plan,
  events: readonly RecordedEvent[],
  checkpoints: Checkpoints,
): Promise<readonly Buffer[]> => {
  const messages: Buffer[] = [];
  let matching: RecordedEvent[] = [];
  for (const event of events) {
    const { matches, due } = checkpoints.consider(event);
    if (matches) matching.push(event);
    if (!due) continue;
    messages.push(...(await encodeAll(node, plan, matching)), encodeCheckpoint(event.position));
    matching = [];
  }
  messages.push(...(await encodeAll(node, plan, matching)));
  return messages;
};

/**
 * Decides when a filtered subscriber gets a checkpoint: after a fixed number of considered events and
 * at no other time, so that nobody relies on a checkpoint at the end of catching up.
 */
class Checkpoints {
  private considered = 0;

  constructor(private readonly filter: EventFilter) {}

  consider(event: RecordedEvent): { matches: boolean; due: boolean } {
    this.considered += 1;
    const due = this.considered >= this.filter.checkpointEvery;
    if (due) this.considered = 0;
    return { matches: this.filter.matches(event), due };
  }
}
