import type { Program } from '#cycling/program/program.js';
import type { EventLog } from '#event-log/event-log.js';
import { States } from '#event-log/states.js';
import { Refusal } from '#kernel/refusal.js';

import { batteryDecider } from '../battery/decider.js';
import type { Battery } from '../battery/document.js';
import { cyclerDeviceDecider } from '../device/decider.js';
import { calibrationOn } from '../device/document.js';
import type { EventData } from '../experiment/events.js';
import { areWithin, type Equipped, safetyLimits } from '../experiment/safety-limits.js';
import { stationDecider } from '../station/decider.js';
import { unitDecider } from '../unit/decider.js';

type Readiness =
  | EventData<'ExperimentAssigned'>
  /** Of this experiment: it cannot be run. */
  | { readonly problem: string }
  /** Of the station: none can be run before somebody mends it. */
  | { readonly obstacle: string };

/** What an experiment needs besides its unit, as it is when its turn comes. */
export class Equipment {
  readonly batteries;
  readonly stations;
  private readonly devices;
  private readonly units;

  constructor(log: EventLog) {
    this.batteries = new States(log, batteryDecider);
    this.stations = new States(log, stationDecider);
    this.devices = new States(log, cyclerDeviceDecider);
    this.units = new States(log, unitDecider);
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
    const { state: unit } = await this.units.refresh(station.unitId);
    if (unit.status !== 'inUse') return { problem: 'the unit of the station is not used any more' };
    const until: string[] = [];
    const devices: { deviceId: string; serialNumber: string }[] = [];
    const equipment: Equipped[] = [];
    for (const { deviceId, role } of station.devices) {
      const { state: device } = await this.devices.refresh(deviceId);
      if (device.status !== 'inUse') return { problem: `device ${deviceId} is not used any more` };
      devices.push({ deviceId, serialNumber: device.serialNumber });
      equipment.push({ role, device });
      if (device.calibrations.length === 0) continue;
      const calibration = calibrationOn(device, day);
      if (!calibration) {
        return { obstacle: `the calibration of device ${device.serialNumber} is out of date` };
      }
      until.push(calibration.validUntil);
    }
    if (!mayRunOn(request, battery, equipment)) {
      return { problem: 'battery and devices allow less than when the experiment was queued' };
    }
    const { configuration: stationConfiguration } = station;
    return { devices, stationConfiguration, calibratedUntil: until.toSorted()[0] ?? null };
  }

  /** The last day on which the calibrations of all these devices count that count on a day; null: one has none then. */
  async calibratedUntil(deviceIds: readonly string[], day: string): Promise<string | null> {
    const until: string[] = [];
    for (const deviceId of deviceIds) {
      const { state: device } = await this.devices.refresh(deviceId);
      if (device.status === 'absent' || device.calibrations.length === 0) continue;
      const calibration = calibrationOn(device, day);
      if (!calibration) return null;
      until.push(calibration.validUntil);
    }
    return until.toSorted()[0] ?? null;
  }
}

/** Limits are revised and stations reconfigured while an experiment waits. */
const mayRunOn = (
  { program, limits }: EventData<'ExperimentQueued'>,
  battery: Battery,
  equipment: readonly Equipped[],
): boolean => {
  const { limits: ofProgram } = program as Program;
  try {
    return areWithin(limits, safetyLimits(battery, equipment, ofProgram, limits.persistenceS));
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
};
