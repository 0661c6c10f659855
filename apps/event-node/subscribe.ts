import { randomUUID } from 'node:crypto';

import { caughtUp, encodeCheckpoint, encodeConfirmation } from './encode-read.js';
import { baseOf, MAX_REVISION, type RecordedEvent, TOMBSTONE_TYPE } from './event.js';
import { invalidArgument, streamDeleted } from './failure.js';
import type { EventFilter } from './filters.js';
import { LivePace } from './live-pace.js';
import type { Node } from './node.js';
import { ReadAhead } from './read-ahead.js';
import { encodeAll, expectRecord, type Messages, PAGE } from './read-events.js';
import type { ReadPlan } from './read-plan.js';
import { streamWindow } from './stream-window.js';

type Plan<K extends ReadPlan['kind']> = Extract<ReadPlan, { kind: K }>;

/**
 * Follows the log: what lies behind is read in pages, what is new comes from memory. The subscriber
 * is a cursor and nothing more. As on a real server, a cursor beyond the end gets nothing until
 * something lies beyond it, and a live subscriber that is too slow is dropped and has to resume.
 */
export async function* subscribeToAll(
  node: Node,
  plan: Plan<'all-live'>,
  signal: AbortSignal,
): Messages {
  await expectRecord(node, plan.from, () =>
    invalidArgument('The position is no event of the log.'),
  );
  let cursor = startOf(plan.from, node);
  yield [encodeConfirmation(randomUUID())];
  const checkpoints = plan.filter && new Checkpoints(plan.filter);
  const ahead = new ReadAhead(node.reader);
  const pace = new LivePace(node);
  while (!signal.aborted) {
    pace.check(node.recent.countAfter(cursor));
    const recent = node.recent.after(cursor, PAGE);
    const { events } = recent ?? (await ahead.page(cursor + 1n, PAGE, true));
    const end = events.at(-1);
    if (end === undefined) {
      if (pace.goesLive()) yield [caughtUp];
      await node.recent.changed(cursor, signal);
      pace.start();
      continue;
    }
    yield checkpoints === undefined
      ? await encodeAll(node, plan, events)
      : await filtered(node, plan, events, checkpoints);
    cursor = end.position;
  }
}

const startOf = (from: Plan<'all-live'>['from'], { recent }: Node): bigint => {
  if (from === 'start') return 0n;
  if (from === 'end') return recent.head;
  return from.including ? from.position - 1n : from.position;
};

const filtered = async (
  node: Node,
  plan: Plan<'all-live'>,
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
 * Says when a filtered subscriber must be told how far the log was looked through: after every so
 * many events and at no other time, so that nobody relies on a checkpoint at the end of catching up.
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

/**
 * Follows one stream: its visible events, then those that are written from then on. As on a real
 * server, it has caught up when the stream is there, which one that nobody wrote yet is not.
 */
export async function* subscribeToStream(
  node: Node,
  plan: Plan<'stream-live'>,
  signal: AbortSignal,
): Messages {
  const { stream } = plan;
  const state = await node.states.get(baseOf(stream));
  const window = streamWindow(stream, state);
  yield [encodeConfirmation(randomUUID())];
  let after = afterRevision(plan.from, window?.last ?? state.events.revision);
  let cursor: bigint | undefined;
  let found = window !== undefined || plan.from === 'end';
  const pace = new LivePace(node);
  const caughtUpOnce = (): Buffer[] => (found && pace.goesLive() ? [caughtUp] : []);
  while (!signal.aborted) {
    const recent = cursor === undefined ? undefined : node.recent.after(cursor, PAGE);
    if (cursor === undefined || recent === undefined) {
      pace.check(Infinity);
      cursor = node.recent.head;
      for await (const events of visibleAfter(node, stream, after)) {
        yield await deliver(node, plan, events);
        after = events.at(-1)?.revision ?? after;
        found = true;
      }
      yield caughtUpOnce();
      continue;
    }
    const end = recent.events.at(-1);
    if (end === undefined) {
      await node.recent.changed(cursor, signal);
      pace.start();
      continue;
    }
    const known = after;
    const events = recent.events.filter(
      (event) => event.stream === stream && event.revision > known,
    );
    pace.check(events.length);
    if (events.length > 0) yield await deliver(node, plan, events);
    after = events.at(-1)?.revision ?? after;
    if (isTombstone(events.at(-1))) throw streamDeleted(stream);
    found ||= events.length > 0;
    yield caughtUpOnce();
    cursor = end.position;
  }
}

const deliver = (
  node: Node,
  plan: Plan<'stream-live'>,
  events: readonly RecordedEvent[],
): Promise<Buffer[]> => encodeAll(node, plan, events);

const isTombstone = (event: RecordedEvent | undefined): boolean => event?.type === TOMBSTONE_TYPE;

const afterRevision = (from: Plan<'stream-live'>['from'], last: bigint): bigint => {
  if (from === 'start') return -1n;
  return from === 'end' ? last : from;
};

/** Pages of what `stream` shows after a revision at this moment. */
async function* visibleAfter(
  node: Node,
  stream: string,
  after: bigint,
): AsyncGenerator<readonly RecordedEvent[], void> {
  const window = streamWindow(stream, await node.states.get(baseOf(stream)));
  if (window === undefined) return;
  const { last, createdFrom } = window;
  let first = after + 1n > window.first ? after + 1n : window.first;
  while (first <= last && after < MAX_REVISION) {
    const page = await node.reader.stream({ stream, first, last, createdFrom }, false, PAGE);
    const end = page.events.at(-1);
    if (end === undefined) return;
    yield page.events;
    if (page.complete) return;
    first = end.revision + 1n;
  }
}
