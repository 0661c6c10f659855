import { UnknownEventType } from '#event-log/codec.js';
import type { StoredEvent } from '#event-log/event-log.js';

import { type Projection, readBy } from './projection.js';

interface Known {
  readonly known: readonly StoredEvent[];
  /** Why what comes after them is not applied. */
  readonly unknown?: UnknownEventType;
}

/** The events up to the first one that this version does not know. */
export const knownOf = (projection: Projection, events: readonly StoredEvent[]): Known => {
  for (const [index, event] of events.entries()) {
    try {
      readBy(projection, event);
    } catch (error) {
      if (!(error instanceof UnknownEventType)) throw error;
      return { known: events.slice(0, index), unknown: error };
    }
  }
  return { known: events };
};
