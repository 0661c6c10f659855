import type { CommandMeta, CommandOf } from '#kernel/command.js';
import type { Decider } from '#kernel/decider.js';
import { differences } from '#kernel/differences.js';
import { type FieldError, Refusal } from '#kernel/refusal.js';

import { stationConfiguration, stationDeviceKey, textKey } from '../keys.js';
import { type Configuration, evolveStation, type Station, type StationState } from './document.js';
import { stationCategory, type StationEvent, stationEvents } from './events.js';

/** What a station is to consist of; `at` null: from the time of the command on. */
type Wanted = Omit<Configuration, 'since'> & { readonly at: string | null };

/** That unit and devices are there and in use is looked up before a command names them. */
export type StationCommand = CommandOf<{
  RegisterStation: Wanted & { readonly name: string };
  ReconfigureStation: Wanted;
  RetireStation: { readonly at: string | null };
}>;

const refuseWrong = ({ devices, measures }: Wanted): void => {
  const ids = devices.map(({ deviceId }) => deviceId);
  const errors: FieldError[] = ids.flatMap((id, at) =>
    ids.indexOf(id) < at
      ? [{ pointer: `/devices/${String(at)}/deviceId`, reason: 'expected each device once' }]
      : [],
  );
  const names = measures.map(({ name }) => name);
  for (const [at, { name, deviceId }] of measures.entries()) {
    const pointer = `/measures/${String(at)}`;
    if (names.indexOf(name) < at) {
      errors.push({ pointer: `${pointer}/name`, reason: 'expected a name of its own' });
    }
    if (!ids.includes(deviceId)) {
      errors.push({ pointer: `${pointer}/deviceId`, reason: 'expected a device of the station' });
    }
  }
  if (devices.every(({ role }) => role === 'measurement')) {
    const reason = 'expected one that charges or discharges: power, source or load';
    errors.push({ pointer: '/devices', reason });
  }
  if (errors.length === 0) return;
  throw new Refusal('STATION_INVALID', 'unprocessable', 'no program could run on this', { errors });
};

/** A time that lies ahead would forbid every change until then. */
const timeOf = (given: string | null, { occurredAt }: CommandMeta, since?: string): string => {
  const reason =
    given !== null && given > occurredAt
      ? 'expected no time that lies ahead'
      : since !== undefined && given !== null && given < since
        ? `expected a time from ${since} on`
        : undefined;
  if (reason !== undefined) {
    throw new Refusal('STATION_TIME_INVALID', 'unprocessable', 'the time does not fit the others', {
      errors: [{ pointer: '/at', reason }],
    });
  }
  const at = given ?? occurredAt;
  return since !== undefined && at < since ? since : at;
};

const change = (command: StationCommand, state: Station): readonly StationEvent[] => {
  if (command.type === 'RetireStation') {
    if (state.status === 'retired') return [];
    const at = timeOf(command.data.at, command.meta, state.since);
    return [{ type: 'StationRetired', data: { at } }];
  }
  if (state.status === 'retired') throw retiredStation();
  switch (command.type) {
    case 'RegisterStation':
      throw stationExists();
    case 'ReconfigureStation': {
      refuseWrong(command.data);
      const { at: given, ...wanted } = command.data;
      const { location, unitId, devices, measures } = state;
      if (differences({ location, unitId, devices, measures }, wanted).length === 0) return [];
      const at = timeOf(given, command.meta, state.since);
      return [{ type: 'StationReconfigured', data: { ...wanted, at } }];
    }
  }
};

export const unknownStation = () =>
  new Refusal('STATION_UNKNOWN', 'not-found', 'there is no such station');

export const retiredStation = () =>
  new Refusal('STATION_RETIRED', 'conflict', 'the station is not used any more');

const stationExists = () =>
  new Refusal('STATION_EXISTS', 'conflict', 'there is a station with this id already');

export const stationDecider: Decider<StationState, StationCommand, StationEvent> = {
  category: stationCategory,
  events: stationEvents,
  initialState: { status: 'absent' },
  decide(command, state) {
    if (state.status !== 'absent') return change(command, state);
    if (command.type !== 'RegisterStation') throw unknownStation();
    refuseWrong(command.data);
    const at = timeOf(command.data.at, command.meta);
    return [{ type: 'StationRegistered', data: { ...command.data, at } }];
  },
  evolve: evolveStation,
  keys(state, id) {
    if (state.status === 'absent') return [];
    const isInUse = state.status === 'inUse';
    const over = isInUse ? state.configuration - 1 : state.configuration;
    return [
      ...Array.from({ length: over }, (_, at) => stationConfiguration(id, at + 1)),
      ...(isInUse ? [textKey('station-name', state.name)] : []),
      ...(isInUse ? state.devices.map(({ deviceId }) => stationDeviceKey(deviceId)) : []),
    ];
  },
};
