import type { EventLog } from '#event-log/event-log.js';

import { configurationStream } from '../configuration/events.js';

/** Reports of a device that may lie above the newest configuration that is desired of it. */
const searched = 1_000;

/** What a device is sent of its configuration: the newest that is desired. */
export const desiredConfiguration = async (
  log: EventLog,
  device: string,
): Promise<object | undefined> => {
  const read = { direction: 'backwards', limit: searched } as const;
  for await (const { type, data } of log.readStream(configurationStream(device), read)) {
    if (type === 'ConfigurationDesired') return data;
  }
  return undefined;
};
