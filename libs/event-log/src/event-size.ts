import type { StoredEvent } from './event-log.js';

/** What an event has beside the texts of its data and metadata. */
const otherBytes = 512;

/** About how many bytes of memory an event takes. */
export const sizeOf = (event: StoredEvent): number =>
  otherBytes + (event.bytes ?? JSON.stringify(event.data).length);
