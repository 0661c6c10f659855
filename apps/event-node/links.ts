import type { ResolvedEvent } from './encode-read.js';
import { baseOf, isMetastream, LINK_TYPE, type RecordedEvent } from './event.js';
import { firstVisible } from './metadata.js';
import type { Node } from './node.js';

interface Place {
  readonly stream: string;
  readonly revision: bigint;
}

/** Follows the links among `events`; a link whose target is gone is left alone in its answer. */
export const resolveLinks = async (
  { reader, states }: Node,
  events: readonly RecordedEvent[],
): Promise<ResolvedEvent[]> => {
  const targets = new Map<RecordedEvent, Place>();
  for (const event of events) {
    const place = event.type === LINK_TYPE ? placeOf(event) : undefined;
    if (place !== undefined) targets.set(event, place);
  }
  if (targets.size === 0) return events.map(unresolved);
  const found = new Map<string, RecordedEvent>();
  const stored = await reader.at([...targets.values()]);
  const visible = await Promise.all(stored.map((target) => isVisible(states, target)));
  for (const [index, target] of stored.entries()) {
    if (visible[index] === true) found.set(key(target), target);
  }
  return events.map((event) => {
    if (event.type !== LINK_TYPE) return { event };
    const place = targets.get(event);
    const target = place === undefined ? undefined : found.get(key(place));
    return target === undefined ? { link: event } : { event: target, link: event };
  });
};

const unresolved = (event: RecordedEvent): ResolvedEvent =>
  event.type === LINK_TYPE ? { link: event } : { event };

const key = ({ stream, revision }: Place): string => `${revision.toString()}@${stream}`;

/** The data of a link is `revision@stream`. */
const placeOf = ({ data }: RecordedEvent): Place | undefined => {
  const match = /^(\d{1,18})@(.+)$/s.exec(Buffer.from(data).toString('utf8'));
  const [, revision, stream] = match ?? [];
  if (revision === undefined || stream === undefined || stream.includes('\0')) return undefined;
  return { stream, revision: BigInt(revision) };
};

const isVisible = async (states: Node['states'], event: RecordedEvent): Promise<boolean> => {
  const state = await states.get(baseOf(event.stream));
  if (state.tombstoned) return false;
  if (isMetastream(event.stream)) return event.revision === state.metaEvents.revision;
  return event.revision >= firstVisible(state.metadata, state.events.revision);
};
