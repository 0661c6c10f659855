import type { EventLog, Position, StoredEvent } from '#event-log/event-log.js';
import { ageMs } from '#kernel/wall-clock.js';

import type { Publication } from '../fact.js';

/** What of the log is not on Kafka yet. */
export interface Backlog {
  /** Null where there are more than are counted. */
  readonly facts: number | null;
  /** Age of the oldest of them; 0 without any, null where it was not found among what was read. */
  readonly seconds: number | null;
}

const pageSize = 1_000;
/** Events that are read to count; more are as good as unknown. */
export const maxEvents = 20_000;

/** Counts what lies after `position` by reading the log on from there, up to a limit. */
export const backlogAfter = async (
  log: Pick<EventLog, 'readAll'>,
  publication: Publication,
  position: Position | undefined,
): Promise<Backlog> => {
  let facts = 0;
  let oldest: StoredEvent | undefined;
  let after = position;
  for (let read = 0; read < maxEvents; read += pageSize) {
    const page = await log.readAll({ limit: pageSize, ...(after && { after }) });
    for (const event of page.events) {
      if (!publication.mayHold(event)) continue;
      facts += 1;
      oldest ??= event;
    }
    if (page.atEnd || !page.next) return { facts, seconds: oldest ? ageOf(oldest) : 0 };
    after = page.next;
  }
  return { facts: null, seconds: oldest ? ageOf(oldest) : null };
};

const ageOf = ({ created }: StoredEvent): number =>
  Math.max(0, Math.round(ageMs(created) / 100) / 10);
