import { randomUUID } from 'node:crypto';

import type { NewEvent } from '#event-log/event-log.js';

/** An event as a process of ours appends it. */
export const newEvent = (type: string, data: object): NewEvent => ({
  id: randomUUID(),
  type,
  data,
  metadata: {
    $correlationId: randomUUID(),
    $causationId: randomUUID(),
    commandId: randomUUID(),
    commandHash: '',
    actor: { id: 'test', kind: 'system', roles: [] },
    source: 'process',
    occurredAt: new Date().toISOString(),
    recordedAt: new Date().toISOString(),
  },
});
