import type { EventLog } from '#event-log/event-log.js';
import { States } from '#event-log/states.js';

import { batteryDecider } from '../battery/decider.js';
import { cyclerDeviceDecider } from '../device/decider.js';
import { calibrationOn } from '../device/document.js';
import type { EventData } from '../experiment/events.js';
import { stationDecider } from '../station/decider.js';

type Readiness = EventData<'ExperimentAssigned'> | { readonly problem: string };

/** What an experiment needs besides its unit, as it is when its turn comes. */
export class Equipment {
  private readonly batteries;
  private readonly stations;
  private readonly devices;

  constructor(log: EventLog) {
    this.batteries = new States(log, batteryDecider);
    this.stations = new States(log, stationDecider);
    this.devices = new States(log, cyclerDeviceDecider);
  }

  /**
   * What the experiment is assigned, or what stands against it. A device that was calibrated once must be so on that
   * day (ISO 8601); one that never was may be one that needs none.
   */
  async readinessOf(request: EventData<'ExperimentQueued'>, day: string): Promise<Readiness> {
    const { state: battery } = await this.batteries.refresh(request.batteryId);
    if (battery.status !== 'inUse') return { problem: 'the battery is not tested any more' };
    const { state: station } = await this.stations.refresh(request.stationId);
    if (station.status !== 'inUse') return { problem: 'the station is not used any more' };
    if (station.unitId !== request.unitId) {
      return { problem: 'the station has another unit than when the experiment was queued' };
    }
    const until: string[] = [];
    const devices: { deviceId: string; serialNumber: string }[] = [];
    for (const { deviceId } of station.devices) {
      const { state: device } = await this.devices.refresh(deviceId);
      if (device.status !== 'inUse') return { problem: `device ${deviceId} is not used any more` };
      devices.push({ deviceId, serialNumber: device.serialNumber });
      if (device.calibrations.length === 0) continue;
      const calibration = calibrationOn(device, day);
      if (!calibration) {
        return { problem: `the calibration of device ${device.serialNumber} is out of date` };
      }
      until.push(calibration.validUntil);
    }
    return { devices, calibratedUntil: until.toSorted()[0] ?? null };
  }
}
