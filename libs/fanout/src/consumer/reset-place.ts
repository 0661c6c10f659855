import { requireEventAt } from '#event-log/event-at.js';
import type { EventLog } from '#event-log/event-log.js';
import { formatPosition, isAfter, parsePosition } from '#event-log/position.js';
import { Refusal } from '#kernel/refusal.js';

/**
 * Throws a `Refusal` where a consumer cannot be reset to a position: `POSITION_AHEAD`, since what is not
 * in the log yet would be passed over when it comes; `POSITION_INVALID` where no event lies there.
 */
export const assertPlace = async (
  log: Pick<EventLog, 'head' | 'idAt'>,
  to: string,
  pointer: string,
): Promise<void> => {
  const place = parsePosition(to);
  const head = await log.head();
  if (!head || isAfter(place, head)) {
    throw new Refusal(
      'POSITION_AHEAD',
      'unprocessable',
      `the log ends at ${head ? formatPosition(head) : 'its start'}: facts up to ${to} would be left out`,
    );
  }
  await requireEventAt(log, place, pointer);
};
