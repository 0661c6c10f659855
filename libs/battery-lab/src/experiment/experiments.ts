import { check, type Finding } from '#cycling/program/check.js';
import { resolve } from '#cycling/program/resolve.js';
import type { EventLog } from '#event-log/event-log.js';
import {
  type CommandResult,
  handleCommand,
  type HandleOptions,
} from '#event-log/handle-command.js';
import { States } from '#event-log/states.js';
import { Refusal } from '#kernel/refusal.js';

import type { CyclerDevice } from '../device/document.js';
import { maxWaiting, queueDecider, queueFull } from '../queue/decider.js';
import { benchOf } from '../station/bench.js';
import type { Batteries, CyclerDevices, Profiles, Stations } from '../things.js';
import type { ExperimentCommand } from './commands.js';
import { experimentDecider } from './decider.js';
import { type Electrolyte, requireElectrolytes } from './electrolytes.js';
import type { EventData, ExperimentEvent } from './events.js';
import { type Equipped, safetyLimits } from './safety-limits.js';
import type { ExperimentState } from './state.js';

const defaultPersistenceS = 0.5;

/** What is wanted of an experiment. */
export interface Wanted {
  readonly name: string;
  readonly description?: string | null;
  readonly batteryId: string;
  readonly stationId: string;
  readonly profileId: string;
  readonly profileVersion?: number;
  readonly persistenceS?: number;
  readonly electrolytes?: readonly Electrolyte[];
}

/** Experiments on the write side: plans them from what the lab has, and carries out their commands. */
export class Experiments {
  readonly states;
  private readonly queues;

  constructor(
    private readonly log: EventLog,
    private readonly lab: {
      readonly batteries: Batteries;
      readonly devices: CyclerDevices;
      readonly stations: Stations;
      readonly profiles: Profiles;
    },
  ) {
    this.states = new States(log, experimentDecider);
    this.queues = new States(log, queueDecider);
  }

  readonly handle = (
    id: string,
    command: ExperimentCommand,
    options: HandleOptions,
  ): Promise<CommandResult<ExperimentState, ExperimentEvent>> =>
    handleCommand(this.log, this.states, id, command, options);

  /** Throws where battery, station or profile are unknown or retired, or the program does not fit them. */
  async plan(wanted: Wanted): Promise<EventData<'ExperimentQueued'>> {
    const { batteries, stations, profiles, devices } = this.lab;
    const battery = await batteries.find(wanted.batteryId);
    const { electrolytes = [] } = wanted;
    requireElectrolytes(electrolytes, battery);
    const station = await stations.find(wanted.stationId);
    const { state: queue } = await this.queues.refresh(wanted.stationId);
    if (queue.waiting.length >= maxWaiting) throw queueFull();
    await profiles.find(wanted.profileId);
    const profile = await profiles.version(wanted.profileId, wanted.profileVersion);
    const equipment: Equipped[] = [];
    const known = new Map<string, CyclerDevice>();
    for (const { deviceId, role } of station.devices) {
      const device = await devices.find(deviceId);
      known.set(deviceId, device);
      equipment.push({ role, device });
    }
    refuseMisfit(check(profile.program, benchOf(battery, station, known)));
    const { nominalCapacityAh } = battery;
    const program = resolve(profile.program, { nominalCapacityAh });
    const { persistenceS = defaultPersistenceS } = wanted;
    const limits = safetyLimits(battery, equipment, program.limits, persistenceS);
    return {
      ...{ name: wanted.name, description: wanted.description ?? null },
      ...{ batteryId: wanted.batteryId, stationId: wanted.stationId, unitId: station.unitId },
      profileId: wanted.profileId,
      ...{ profileVersion: profile.version, profileHash: profile.hash, program },
      ...{ nominalCapacityAh, limits, ...(electrolytes.length > 0 && { electrolytes }) },
    };
  }
}

/** Warnings are for who asks for the check alone. */
const refuseMisfit = (findings: readonly Finding[]): void => {
  const errors = findings
    .filter(({ severity }) => severity === 'error')
    .map(({ pointer, message: reason }) => ({ pointer: `/profile${pointer}`, reason }));
  if (errors.length === 0) return;
  throw new Refusal(
    'PROGRAM_DOES_NOT_FIT',
    'unprocessable',
    'the program does not fit the battery and the devices of the station',
    { errors },
  );
};
