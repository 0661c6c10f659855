import type { EventLog } from '#event-log/event-log.js';

import { type ConfigurationEvent, configurationStream } from '../configuration/events.js';

type Desired = Extract<ConfigurationEvent, { type: 'ConfigurationDesired' }>['data'];

/** Events of a device that may lie above the configuration that is looked for. */
const searched = 1_000;

/** A configuration that is, or was, desired of a device: of this version, or the newest. */
export const desiredConfiguration = async (
  log: EventLog,
  device: string,
  version?: number,
): Promise<Desired | undefined> => {
  const read = { direction: 'backwards', limit: searched } as const;
  for await (const { type, data } of log.readStream(configurationStream(device), read)) {
    if (type !== 'ConfigurationDesired') continue;
    const desired = data as unknown as Desired;
    if (version === undefined || desired.version === version) return desired;
  }
  return undefined;
};
