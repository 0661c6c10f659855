import type { Program } from '#cycling/program/program.js';
import type { EventLog } from '#event-log/event-log.js';
import type { CommandResult, HandleOptions } from '#event-log/handle-command.js';
import type { KeyHolders, KeyTaken } from '#event-log/key/claim-key.js';
import { handleClaiming } from '#event-log/key/handle-claiming.js';
import { newest } from '#event-log/reading.js';
import { States } from '#event-log/states.js';
import type { Command } from '#kernel/command.js';
import type { Decider } from '#kernel/decider.js';
import type { DomainEvent } from '#kernel/event.js';
import { Refusal } from '#kernel/refusal.js';

import {
  type BatteryCommand,
  batteryDecider,
  retiredBattery,
  unknownBattery,
} from './battery/decider.js';
import type { BatteryState } from './battery/document.js';
import type { BatteryEvent } from './battery/events.js';
import {
  type CyclerDeviceCommand,
  cyclerDeviceDecider,
  retiredCyclerDevice,
  unknownCyclerDevice,
} from './device/decider.js';
import type { CyclerDeviceState } from './device/document.js';
import type { CyclerDeviceEvent } from './device/events.js';
import { experimentDecider } from './experiment/decider.js';
import { batteryUnderTest, stationConfiguration, stationDeviceKey } from './keys.js';
import {
  type ProfileCommand,
  profileDecider,
  retiredProfile,
  unknownProfile,
  unknownVersion,
} from './profile/decider.js';
import type { ProfileState, ProfileVersion } from './profile/document.js';
import { type ProfileEvent, profileStream } from './profile/events.js';
import {
  retiredStation,
  type StationCommand,
  stationDecider,
  unknownStation,
} from './station/decider.js';
import type { StationState } from './station/document.js';
import type { StationEvent } from './station/events.js';
import { retiredUnit, type UnitCommand, unitDecider, unknownUnit } from './unit/decider.js';
import type { UnitState } from './unit/document.js';
import type { UnitEvent } from './unit/events.js';

interface Absent {
  readonly status: 'absent';
}
interface Present {
  readonly status: 'inUse' | 'retired';
}
type Known<S> = Exclude<S, Absent>;

interface Refusals {
  unknown(): Refusal;
  retired(): Refusal;
  taken(error: KeyTaken): Refusal;
}

/** The things of one category, on the write side. */
abstract class Things<S extends Absent | Present, C extends Command, E extends DomainEvent> {
  readonly states: States<S, C, E>;

  constructor(
    readonly log: EventLog,
    decider: Decider<S, C, E>,
    private readonly refusals: Refusals,
    /** Of other categories whose streams may hold keys of this one. */
    private readonly others: readonly KeyHolders[] = [],
  ) {
    this.states = new States(log, decider);
  }

  /** Carries out a command, with the keys that it leads to claimed before. */
  readonly handle = (
    id: string,
    command: C,
    options?: HandleOptions,
  ): Promise<CommandResult<S, E>> =>
    handleClaiming(
      this.log,
      this.states,
      (error) => this.refusals.taken(error),
      id,
      command,
      options,
      this.others,
    );

  /** One that is in use, as the log has it now. Throws where it is unknown or retired. */
  async find(id: string): Promise<Known<S>> {
    const state = await this.known(id);
    if (state.status === 'retired') throw this.refusals.retired();
    return state;
  }

  /** The same where a retired one will do. */
  async known(id: string): Promise<Known<S>> {
    const { state } = await this.states.refresh(id);
    if (state.status === 'absent') throw this.refusals.unknown();
    return state as Known<S>;
  }
}

const conflict = (code: string, message: string, pointer: string, details: object) =>
  new Refusal(code, 'conflict', message, {
    errors: [{ pointer, reason: 'expected one that no other has' }],
    ...details,
  });

/** `details` say what uses it. */
const inUse = (code: string, message: string, details: object) =>
  new Refusal(code, 'conflict', message, { ...details });

export class Batteries extends Things<BatteryState, BatteryCommand, BatteryEvent> {
  constructor(log: EventLog) {
    const refusals = {
      unknown: unknownBattery,
      retired: retiredBattery,
      taken: ({ key: { kind }, owner }: KeyTaken) =>
        kind === batteryUnderTest('').kind
          ? inUse('BATTERY_UNDER_TEST', 'the battery is in an experiment, which has to end first', {
              experimentId: owner,
            })
          : conflict(
              'BATTERY_SERIAL_NUMBER_TAKEN',
              'another battery of this manufacturer and model has this serial number',
              '/serialNumber',
              { batteryId: owner },
            ),
    };
    super(log, batteryDecider, refusals, [new States(log, experimentDecider)]);
  }
}

export class CyclerDevices extends Things<
  CyclerDeviceState,
  CyclerDeviceCommand,
  CyclerDeviceEvent
> {
  constructor(log: EventLog) {
    const refusals = {
      unknown: unknownCyclerDevice,
      retired: retiredCyclerDevice,
      taken: ({ key: { kind }, owner }: KeyTaken) =>
        kind === stationDeviceKey('').kind
          ? inUse(
              'CYCLER_DEVICE_AT_STATION',
              'the device belongs to a station that is in use: take it out of that first',
              { stationId: owner },
            )
          : conflict(
              'CYCLER_DEVICE_SERIAL_NUMBER_TAKEN',
              'another device of this manufacturer and model has this serial number',
              '/serialNumber',
              { deviceId: owner },
            ),
    };
    super(log, cyclerDeviceDecider, refusals, [new States(log, stationDecider)]);
  }
}

export class Units extends Things<UnitState, UnitCommand, UnitEvent> {
  constructor(log: EventLog) {
    super(log, unitDecider, {
      unknown: unknownUnit,
      retired: retiredUnit,
      taken: ({ owner: unitId }) =>
        conflict('UNIT_NAME_TAKEN', 'another unit has this name', '/name', { unitId }),
    });
  }
}

export class Stations extends Things<StationState, StationCommand, StationEvent> {
  constructor(log: EventLog) {
    const refusals = {
      unknown: unknownStation,
      retired: retiredStation,
      taken: ({ key: { kind, value }, owner }: KeyTaken) => {
        switch (kind) {
          case stationDeviceKey('').kind:
            if (owner === value) return retiredCyclerDevice();
            return conflict(
              'STATION_DEVICE_TAKEN',
              `the device ${value} belongs to another station that is in use`,
              '/devices',
              { stationId: owner, deviceId: value },
            );
          case stationConfiguration('', 0).kind:
            return inUse(
              'STATION_UNDER_TEST',
              'the station has an experiment, which has to end first',
              { experimentId: owner },
            );
          default: {
            const details = { stationId: owner };
            return conflict(
              'STATION_NAME_TAKEN',
              'another station has this name',
              '/name',
              details,
            );
          }
        }
      },
    };
    const others = [new States(log, cyclerDeviceDecider), new States(log, experimentDecider)];
    super(log, stationDecider, refusals, others);
  }
}

export class Profiles extends Things<ProfileState, ProfileCommand, ProfileEvent> {
  constructor(log: EventLog) {
    super(log, profileDecider, {
      unknown: unknownProfile,
      retired: retiredProfile,
      taken: ({ owner: profileId }) =>
        conflict('PROFILE_NAME_TAKEN', 'another profile has this name', '/name', { profileId }),
    });
  }

  /** A version of the profile, the last one unless given. Throws where it has none of that number. */
  async version(id: string, version?: number): Promise<ReturnType<typeof versionOf>> {
    const last = await this.known(id);
    if (version === undefined || version === last.version) return versionOf(last);
    let state = profileDecider.initialState;
    let found: ReturnType<typeof versionOf> | undefined;
    for await (const stored of this.log.readStream(profileStream(id), {})) {
      const event = newest(profileDecider, stored);
      if (event) state = profileDecider.evolve(state, event as ProfileEvent);
      if (state.status !== 'absent' && state.version === version) found = versionOf(state);
    }
    if (!found) throw unknownVersion(last.version);
    return found;
  }
}

const versionOf = ({ version, program, hash }: ProfileVersion) => ({
  // Programs are read and checked before they are stored.
  ...{ version, program: program as Program, hash },
});
