import type { EventLog } from '#event-log/event-log.js';
import { newest } from '#event-log/reading.js';

import { importDecider } from '../decider.js';
import { type ImportEvent, importStream } from '../events.js';
import type { RunRequest } from '../plan/planned-row.js';

/**
 * Who asked for a run: the first event that did. Always the same for one run, so that the commands of
 * its rows are the same whoever carries them out.
 */
export const requestOf = async (
  log: EventLog,
  importId: string,
  run: number,
): Promise<RunRequest> => {
  for await (const stored of log.readStream(importStream(importId))) {
    const event = newest<ImportEvent>(importDecider, stored);
    if (!event || runAskedFor(event) !== run) continue;
    const { actor, occurredAt, $correlationId: correlationId, reason } = event.metadata;
    return { actor, occurredAt, correlationId, causationId: event.id, reason };
  }
  throw new Error(`nobody asked for run ${String(run)} of import ${importId}`);
};

const runAskedFor = (event: ImportEvent): number | undefined => {
  if (event.type === 'ImportReceived') return 1;
  return event.type === 'ImportReceivedAgain' || event.type === 'ImportRetryRequested'
    ? event.data.run
    : undefined;
};
