import type { EventLog, ReadOptions, StoredEvent } from './event-log.js';

/**
 * One event of a stream: the first one that `options` lead to, undefined where none does. Read to the
 * end of the call: whoever leaves a read early resets it on the wire, and a server takes many resets in a
 * row for an attack.
 */
export const readOne = async (
  log: Pick<EventLog, 'readStream'>,
  stream: string,
  options: Omit<ReadOptions, 'limit'>,
): Promise<StoredEvent | undefined> => {
  let found: StoredEvent | undefined;
  for await (const event of log.readStream(stream, { ...options, limit: 1 })) found = event;
  return found;
};
