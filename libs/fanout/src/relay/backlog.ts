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
  const found: StoredEvent[] = [];
  let after = position;
  let isAll = false;
  for (let read = 0; read < maxEvents && !isAll; read += pageSize) {
    const page = await log.readAll({ limit: pageSize, ...(after && { after }) });
    found.push(...page.events.filter((event) => publication.mayHold(event)));
    after = page.next;
    isAll = page.atEnd || !page.next;
  }
  const [oldest] = found;
  const seconds = oldest ? Math.max(0, Math.round(ageMs(oldest.created) / 100) / 10) : null;
  return { facts: isAll ? found.length : null, seconds: seconds ?? (isAll ? 0 : null) };
};
