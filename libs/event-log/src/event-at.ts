import { Refusal } from '#kernel/refusal.js';

import type { EventLog, Position } from './event-log.js';
import { formatPosition } from './position.js';

/**
 * Throws a `Refusal` (`POSITION_INVALID`) that names the field where no event of the log lies at the
 * position: it is of another log, or made up, and EventStoreDB reads on from no such place. 0 is the start.
 */
export const requireEventAt = async (
  log: Pick<EventLog, 'idAt'>,
  position: Position,
  pointer: string,
): Promise<void> => {
  if (position.commit === 0n || (await log.idAt(position)) !== undefined) return;
  const reason = 'expected 0 or the position of an event, such as one that this server answered';
  throw new Refusal(
    'POSITION_INVALID',
    'invalid',
    `no event of the log lies at position ${formatPosition(position)}`,
    { errors: [{ pointer, reason }] },
  );
};
