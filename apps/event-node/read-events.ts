import {
  encodeEvent,
  encodeFirstPosition,
  encodeLastPosition,
  encodeResolved,
  encodeStreamNotFound,
} from './encode-read.js';
import { MAX_REVISION, type RecordedEvent } from './event.js';
import { unexpected } from './failure.js';
import { resolveLinks } from './links.js';
import type { Node } from './node.js';
import { ReadAhead } from './read-ahead.js';
import { type LogPage, PAGE_EVENTS } from './read-log.js';
import type { FromInAll, ReadPlan } from './read-plan.js';
import { openStream, visiblePages } from './stream-source.js';

/** Events in one page of a real server. */
const SERVER_PAGE = 32;

type Plan<K extends ReadPlan['kind']> = Extract<ReadPlan, { kind: K }>;

/** Messages in small batches: what is made in one go. */
export type Messages = AsyncGenerator<readonly Buffer[], void>;

export const encodeAll = async (
  node: Node,
  { resolveLinks: resolve, structuredIds }: Pick<ReadPlan, 'resolveLinks' | 'structuredIds'>,
  events: readonly RecordedEvent[],
): Promise<Buffer[]> => {
  if (resolve) {
    const resolved = await resolveLinks(node, events);
    return resolved.map((event) => encodeResolved(event, structuredIds));
  }
  return structuredIds
    ? events.map((event) => encodeResolved({ event }, true))
    : events.map(encodeEvent);
};

/**
 * The visible events of a stream, or stream-not-found; with `positions`, also the revision at which
 * the read continues and the last revision of the stream.
 */
export async function* readStream(node: Node, plan: Plan<'stream'>): Messages {
  const source = await openStream(node, plan.stream);
  const { window } = source;
  // A real server may not find a stream once after the append that revives it.
  const isOverlooked = node.asServer && node.states.takeRevived(plan.stream);
  if (window === undefined || isOverlooked) {
    yield [encodeStreamNotFound(plan.stream)];
    return;
  }
  if (plan.from === 'end' && !plan.backwards) throw unexpected('ReadStreamResult: Error');
  let begun = !plan.positions || plan.backwards || plan.limit === 0;
  const firstPosition = (found: bigint | undefined): Buffer[] =>
    encodeFirstPosition(positionAhead(plan, found, window.last));
  for await (const events of visiblePages(source, plan)) {
    if (!begun) yield firstPosition(events[0]?.revision);
    begun = true;
    yield await encodeAll(node, plan, events);
  }
  if (!begun) yield firstPosition(undefined);
  if (plan.positions) yield [encodeLastPosition(window.last)];
}

/**
 * The revision at which a read forwards continues whose first page, of a real server's size, is empty:
 * that of the first event found, or the one behind the last of the stream.
 */
const positionAhead = (
  { from, limit }: Plan<'stream'>,
  found: bigint | undefined,
  last: bigint,
): bigint | undefined => {
  const start = typeof from === 'bigint' ? from : 0n;
  if (found === undefined) return start === last + 1n ? undefined : last + 1n;
  return found - start < BigInt(Math.min(limit, SERVER_PAGE)) ? undefined : found;
};

/** Events of the whole log in their order, or against it. */
export async function* readAll(node: Node, plan: Plan<'all'>): Messages {
  const { filter } = plan;
  await expectRecord(node, plan.from, () => unexpected('ReadAllResult: InvalidPosition'));
  const ahead = new ReadAhead(node.reader);
  let from = startOf(plan);
  let left = plan.limit;
  while (left > 0 && from !== undefined) {
    const limit = filter === undefined ? Math.min(left, PAGE_EVENTS) : PAGE_EVENTS;
    const page: LogPage = plan.backwards
      ? await node.reader.allBackwards(from, limit)
      : await pageForwards(node, ahead, from, { limit, more: left > limit });
    const wanted = filter === undefined ? page.events : page.events.filter(filter.matches);
    const events = wanted.slice(0, left);
    yield await encodeAll(node, plan, events);
    left -= events.length;
    from = page.complete ? undefined : beyond(page, plan.backwards);
  }
}

/**
 * A position is where an event begins, as on a real server, where it is an offset in a file. 0 is the
 * start, and nothing is known yet of what lies beyond the end.
 */
export const expectRecord = async (
  { recent, reader }: Node,
  from: FromInAll,
  failure: () => Error,
): Promise<void> => {
  if (typeof from === 'string' || from.position === 0n) return;
  const { position } = from;
  const page = recent.after(position - 1n, 1) ?? (await reader.allForwards(position, 1));
  const [found] = page.events;
  if (found && found.position !== position) throw failure();
};

const startOf = ({ from, backwards }: Plan<'all'>): bigint | undefined => {
  if (from === 'start') return backwards ? undefined : 0n;
  if (from === 'end') return backwards ? MAX_REVISION : undefined;
  if (from.including) return from.position;
  return backwards ? from.position - 1n : from.position + 1n;
};

const beyond = ({ events }: LogPage, backwards: boolean): bigint | undefined => {
  const end = events.at(-1)?.position;
  if (end === undefined) return undefined;
  return backwards ? end - 1n : end + 1n;
};

/** From memory where the end of the log is asked for. */
const pageForwards = async (
  { recent }: Node,
  ahead: ReadAhead,
  from: bigint,
  { limit, more }: { readonly limit: number; readonly more: boolean },
): Promise<LogPage> => recent.after(from - 1n, limit) ?? ahead.page(from, limit, more);
