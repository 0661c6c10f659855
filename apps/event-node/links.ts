import type { ResolvedEvent } from './encode-read.js';
import { baseOf, isMetastream, LINK_TYPE, type RecordedEvent } from './event.js';
import { firstVisible } from './metadata.js';
import type { Node } from './node.js';

interface Place {
  readonly stream: string;
  readonly revision: bigint;
}

/**
 * Follows the links among `events`. One whose target is gone is left alone in its answer; an event of
 * the type of links that names no place is an event like any other.
 */
export const resolveLinks = async (
  { reader, states }: Node,
  events: readonly RecordedEvent[],
): Promise<ResolvedEvent[]> => {
  const targets = new Map<RecordedEvent, Place>();
  for (const event of events) {
    const place = event.type === LINK_TYPE ? placeOf(event) : undefined;
    if (place !== undefined) targets.set(event, place);
  }
  if (targets.size === 0) return events.map((event) => ({ event }));
  const found = new Map<string, RecordedEvent>();
  const stored = await reader.at([...targets.values()].filter(canExist));
  const visible = await Promise.all(stored.map((target) => isVisible(states, target)));
  for (const [index, target] of stored.entries()) {
    if (visible[index] === true) found.set(key(target), target);
  }
  return events.map((event) => {
    const place = targets.get(event);
    if (place === undefined) return { event };
    const target = found.get(key(place));
    return target === undefined ? { link: event } : { event: target, link: event };
  });
};

const key = ({ stream, revision }: Place): string => `${revision.toString()}@${stream}`;

/**
 * Where a link leads by its data, which is `revision@stream`; undefined when it is no link. As on a real
 * server, any signed number of 64 bits and any name will do, also where nothing can be.
 */
export const placeOf = ({ data }: Pick<RecordedEvent, 'data'>): Place | undefined => {
  const match = /^([+-]?)0*(\d{1,19})@(.*)$/s.exec(Buffer.from(data).toString('utf8'));
  const [, sign, digits, stream] = match ?? [];
  if (digits === undefined || stream === undefined) return undefined;
  const revision = sign === '-' ? -BigInt(digits) : BigInt(digits);
  return BigInt.asIntN(64, revision) === revision ? { stream, revision } : undefined;
};

/** Whether a stream can have such a name and such a revision. */
const canExist = ({ stream, revision }: Place): boolean =>
  revision >= 0n && stream !== '' && !stream.includes('\0');

const isVisible = async (states: Node['states'], event: RecordedEvent): Promise<boolean> => {
  const state = await states.get(baseOf(event.stream));
  if (state.tombstoned) return false;
  if (isMetastream(event.stream)) return event.revision === state.metaEvents.revision;
  return event.revision >= firstVisible(state.metadata, state.events.revision);
};
