import type { CommandOf } from '#kernel/command.js';
import type { Decider } from '#kernel/decider.js';
import { type FieldError, Refusal } from '#kernel/refusal.js';

import { deviceSerialKey, stationDeviceKey } from '../keys.js';
import { rangeErrors } from '../ranges.js';
import { type CyclerDevice, type CyclerDeviceState, evolveCyclerDevice } from './document.js';
import { cyclerDeviceCategory, type CyclerDeviceEvent, cyclerDeviceEvents } from './events.js';

type DataOf<T extends CyclerDeviceEvent['type']> = Extract<CyclerDeviceEvent, { type: T }>['data'];

export type CyclerDeviceCommand = CommandOf<{
  RegisterCyclerDevice: DataOf<'CyclerDeviceRegistered'>;
  /** A unit found it. */
  SeeCyclerDevice: DataOf<'CyclerDeviceSeen'>;
  /** The unit that it was attached to did not find it. */
  DetachCyclerDevice: DataOf<'CyclerDeviceDetached'>;
  CalibrateCyclerDevice: DataOf<'CyclerDeviceCalibrated'>;
  RetireCyclerDevice: DataOf<'CyclerDeviceRetired'>;
}>;

/** What a unit says late of an earlier time is passed over: something newer is known. */
const see = (
  data: DataOf<'CyclerDeviceSeen'>,
  { attached, firmware }: CyclerDevice,
): readonly CyclerDeviceEvent[] => {
  const isThere = attached?.unitId === data.unitId && attached.linkName === data.linkName;
  const isKnown = isThere && (data.firmware === null || data.firmware === firmware);
  const isOld = attached !== null && data.at < attached.at;
  return isKnown || isOld ? [] : [{ type: 'CyclerDeviceSeen', data }];
};

const detach = (
  data: DataOf<'CyclerDeviceDetached'>,
  { attached }: CyclerDevice,
): readonly CyclerDeviceEvent[] =>
  attached?.unitId === data.unitId && attached.at <= data.at
    ? [{ type: 'CyclerDeviceDetached', data }]
    : [];

const calibrate = (
  data: DataOf<'CyclerDeviceCalibrated'>,
  { calibrations }: CyclerDevice,
): readonly CyclerDeviceEvent[] => {
  const { certificate, calibratedOn, validUntil, channels } = data;
  const errors: FieldError[] = [];
  if (validUntil < calibratedOn) {
    errors.push({ pointer: '/validUntil', reason: `expected no day before ${calibratedOn}` });
  }
  for (const [at, { factor }] of channels.entries()) {
    if (factor !== 0) continue;
    const pointer = `/channels/${String(at)}/factor`;
    errors.push({ pointer, reason: 'expected a number other than 0' });
  }
  if (errors.length > 0) throw invalid('CALIBRATION_INVALID', 'this is no calibration', errors);
  const isKnown = calibrations.some((known) => known.certificate === certificate);
  return isKnown ? [] : [{ type: 'CyclerDeviceCalibrated', data }];
};

const change = (
  command: CyclerDeviceCommand,
  state: CyclerDevice,
): readonly CyclerDeviceEvent[] => {
  if (command.type === 'RetireCyclerDevice') {
    return state.status === 'retired' ? [] : [{ type: 'CyclerDeviceRetired', data: {} }];
  }
  if (state.status === 'retired') throw retiredCyclerDevice();
  switch (command.type) {
    case 'RegisterCyclerDevice':
      throw cyclerDeviceExists();
    case 'SeeCyclerDevice':
      return see(command.data, state);
    case 'DetachCyclerDevice':
      return detach(command.data, state);
    case 'CalibrateCyclerDevice':
      return calibrate(command.data, state);
  }
};

export const unknownCyclerDevice = () =>
  new Refusal('CYCLER_DEVICE_UNKNOWN', 'not-found', 'the lab has no such device');

export const retiredCyclerDevice = () =>
  new Refusal('CYCLER_DEVICE_RETIRED', 'conflict', 'the device is not used any more');

const cyclerDeviceExists = () =>
  new Refusal('CYCLER_DEVICE_EXISTS', 'conflict', 'there is a device with this id already');

const invalid = (code: string, message: string, errors: readonly FieldError[]) =>
  new Refusal(code, 'unprocessable', message, { errors });

export const cyclerDeviceDecider: Decider<
  CyclerDeviceState,
  CyclerDeviceCommand,
  CyclerDeviceEvent
> = {
  category: cyclerDeviceCategory,
  events: cyclerDeviceEvents,
  initialState: { status: 'absent' },
  decide(command, state) {
    if (state.status !== 'absent') return change(command, state);
    if (command.type !== 'RegisterCyclerDevice') throw unknownCyclerDevice();
    const errors = rangeErrors('/ranges', command.data.ranges ?? {});
    if (errors.length > 0) {
      throw invalid('CYCLER_DEVICE_INVALID', 'this is no device of a lab', errors);
    }
    return [{ type: 'CyclerDeviceRegistered', data: command.data }];
  },
  evolve: evolveCyclerDevice,
  /** A retired one holds no serial number: a mistake can be registered anew. */
  keys(state, id) {
    if (state.status === 'absent') return [];
    return state.status === 'inUse' ? [deviceSerialKey(state)] : [stationDeviceKey(id)];
  },
};
