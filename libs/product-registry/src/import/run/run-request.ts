import type { EventLog } from '#event-log/event-log.js';

import { importStream } from '../events.js';
import type { RunRequest } from './row-context.js';

/**
 * Who asked for a run: the first event that did. Always the same for one run, so that the commands of
 * its rows are the same whoever carries them out.
 */
export const requestOf = async (
  log: EventLog,
  importId: string,
  run: number,
): Promise<RunRequest> => {
  for await (const { id, type, data, metadata } of log.readStream(importStream(importId))) {
    if (runAskedFor(type, data) !== run) continue;
    const { actor, occurredAt, $correlationId: correlationId, reason } = metadata;
    return { actor, occurredAt, correlationId, causationId: id, reason };
  }
  throw new Error(`nobody asked for run ${String(run)} of import ${importId}`);
};

const runAskedFor = (type: string, data: Readonly<Record<string, unknown>>): unknown => {
  if (type === 'ImportReceived') return 1;
  return type === 'ImportReceivedAgain' || type === 'ImportRetryRequested'
    ? data['run']
    : undefined;
};
