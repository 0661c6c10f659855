import type { EventTypes } from '#kernel/decider.js';
import type { DomainEvent } from '#kernel/event.js';

import { UnknownEventType, upcastOrNull } from './codec.js';
import type { StoredEvent } from './event-log.js';
import { keyForfeited } from './key/forfeited.js';
import { categoryOf } from './stream-name.js';

/**
 * What libraries store in streams of any category, for their own bookkeeping: a category does not
 * list these types, and nobody who follows it may be stopped by one.
 */
export const libraryTypes: ReadonlySet<string> = new Set([keyForfeited]);

/** A stored event in the newest shape of its category: its type and data may differ from what was stored. */
export type ReadEvent<E extends DomainEvent> = StoredEvent & E;

/**
 * The newest shape of an event of a category's stream, as everybody who follows the category reads
 * it; null for what a library keeps there.
 *
 * Throws `UnknownEventType`: what this version does not know is never passed over.
 */
export const newest = <E extends DomainEvent>(
  types: EventTypes<E>,
  stored: StoredEvent,
): ReadEvent<E> | null => {
  if (libraryTypes.has(stored.type)) return null;
  const event = upcastOrNull(types, stored);
  if (!event) throw new UnknownEventType(stored);
  if (event.type === stored.type) return stored as ReadEvent<E>;
  const { id, stream, revision, metadata, position, created } = stored;
  return { id, stream, revision, metadata, position, created, ...event } as ReadEvent<E>;
};

/** How a follower of several categories reads the log: these, and nothing else. */
export class Reading {
  private readonly categories = new Map<string, EventTypes<DomainEvent>>();

  constructor(categories: readonly EventTypes<DomainEvent>[]) {
    for (const types of categories) this.categories.set(types.category, types);
  }

  /** As `newest`; null also for streams of other categories. */
  newest(stored: StoredEvent): StoredEvent | null {
    const types = this.categories.get(categoryOf(stored.stream));
    return types ? newest(types, stored) : null;
  }

  /** Whether the stream is of one of the categories. */
  follows(stream: string): boolean {
    return this.categories.has(categoryOf(stream));
  }

  /** Whether one of the categories has this type, in its newest shape. */
  has(type: string): boolean {
    return [...this.categories.values()].some(({ events }) => Object.hasOwn(events, type));
  }
}
