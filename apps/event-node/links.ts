import type { ResolvedEvent } from './encode-read.js';
import { baseOf, isMetastream, LINK_TYPE, type RecordedEvent } from './event.js';
import { type LinkTarget, linkTarget } from './link-target.js';
import { firstVisible } from './metadata.js';
import type { Node } from './node.js';

/**
 * Follows the links among `events`. A link whose target is gone is answered without one; an event of
 * the type of links whose data is no link is an event like any other.
 */
export const resolveLinks = async (
  { reader, states }: Node,
  events: readonly RecordedEvent[],
): Promise<ResolvedEvent[]> => {
  const targets = new Map<RecordedEvent, LinkTarget>();
  for (const event of events) {
    const target = event.type === LINK_TYPE ? linkTarget(event) : undefined;
    if (target !== undefined) targets.set(event, target);
  }
  if (targets.size === 0) return events.map((event) => ({ event }));
  const found = new Map<string, RecordedEvent>();
  const stored = await reader.at([...targets.values()].filter(canExist));
  const visible = await Promise.all(stored.map((target) => isVisible(states, target)));
  for (const [index, target] of stored.entries()) {
    if (visible[index] === true) found.set(key(target), target);
  }
  return events.map((event) => {
    const target = targets.get(event);
    if (target === undefined) return { event };
    const linked = found.get(key(target));
    return linked === undefined ? { link: event } : { event: linked, link: event };
  });
};

const key = ({ stream, revision }: LinkTarget): string => `${revision.toString()}@${stream}`;

/** Whether a stream can have such a name and such a revision. */
const canExist = ({ stream, revision }: LinkTarget): boolean =>
  revision >= 0n && stream !== '' && !stream.includes('\0');

const isVisible = async (states: Node['states'], event: RecordedEvent): Promise<boolean> => {
  const state = await states.get(baseOf(event.stream));
  if (state.tombstoned) return false;
  if (isMetastream(event.stream)) return event.revision === state.metaEvents.revision;
  return event.revision >= firstVisible(state.metadata, state.events.revision);
};
