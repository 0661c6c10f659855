import type { StoredEvent } from '#event-log/event-log.js';

import type { Clock } from './working-set.js';

/** Moves the clock where the event is the newest so far, else only how far that newest time reaches. */
export const tick = (clock: Clock, { created, position }: StoredEvent): void => {
  clock.runningMax = Math.max(clock.runningMax, created.getTime());
  clock.ticks.set(clock.runningMax, position);
};
