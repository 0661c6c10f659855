import type { Position } from '#event-log/event-log.js';
import type { Folding, Folds } from '#resource/folds.js';
import { deviceDecider } from '#telemetry/device/decider.js';
import { type DeviceEvent, deviceStream } from '#telemetry/device/events.js';
import { siteDecider } from '#telemetry/site/decider.js';
import { type SiteEvent, siteStream } from '#telemetry/site/events.js';

/** The site that a device was attached to last: by its zone are the days of what it measures. */
const attachments: Folding<string, DeviceEvent> = {
  streamOf: deviceStream,
  types: deviceDecider,
  evolve: (state, _, event) => (event.type === 'DeviceAttached' ? event.data.siteId : state),
};

const zones: Folding<string, SiteEvent> = {
  streamOf: siteStream,
  types: siteDecider,
  evolve: (state, _, event) => ('timeZone' in event.data ? event.data.timeZone : state),
};

/** The time zone that a site had at a position of the log. */
export const zoneOfSiteAt = async (
  folds: Folds,
  siteId: string,
  position: Position,
): Promise<string> => (await folds.at(zones, siteId, position))?.state ?? 'UTC';

/** The time zone that the site of a device had then. */
export const zoneOfDeviceAt = async (
  folds: Folds,
  device: string,
  position: Position,
): Promise<string> => {
  const siteId = (await folds.at(attachments, device, position))?.state;
  return siteId ? zoneOfSiteAt(folds, siteId, position) : 'UTC';
};
