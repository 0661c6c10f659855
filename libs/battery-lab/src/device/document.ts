import type { CyclerDeviceEvent } from './events.js';

type DataOf<T extends CyclerDeviceEvent['type']> = Extract<CyclerDeviceEvent, { type: T }>['data'];

export type Calibration = DataOf<'CyclerDeviceCalibrated'>;

/** A device of the lab as the API shows it and as commands are decided on. Units are in the names. */
export interface CyclerDevice extends DataOf<'CyclerDeviceRegistered'> {
  readonly status: 'inUse' | 'retired';
  /** Where it was found last; null: nowhere, or not there any more. */
  readonly attached: Omit<DataOf<'CyclerDeviceSeen'>, 'firmware'> | null;
  /** In the order in which they were recorded. */
  readonly calibrations: readonly Calibration[];
}
export type CyclerDeviceState = { readonly status: 'absent' } | CyclerDevice;

/** The device after one more event. Pure and total. */
export const evolveCyclerDevice = (
  state: CyclerDeviceState,
  event: CyclerDeviceEvent,
): CyclerDeviceState => {
  if (event.type === 'CyclerDeviceRegistered') {
    return { status: 'inUse', ...event.data, attached: null, calibrations: [] };
  }
  if (state.status === 'absent') return state;
  switch (event.type) {
    case 'CyclerDeviceSeen': {
      const { firmware, ...attached } = event.data;
      return { ...state, attached, firmware: firmware ?? state.firmware };
    }
    case 'CyclerDeviceDetached':
      return { ...state, attached: null };
    case 'CyclerDeviceCalibrated':
      return { ...state, calibrations: [...state.calibrations, event.data] };
    case 'CyclerDeviceRetired':
      return { ...state, status: 'retired' };
  }
};

/** The calibration that counts on a day (ISO 8601): of those valid on it the latest. Undefined: none does. */
export const calibrationOn = (
  { calibrations }: Pick<CyclerDevice, 'calibrations'>,
  day: string,
): Calibration | undefined =>
  calibrations
    .filter(({ calibratedOn, validUntil }) => calibratedOn <= day && day <= validUntil)
    .reduce<Calibration | undefined>(
      (latest, each) => (latest && latest.calibratedOn > each.calibratedOn ? latest : each),
      undefined,
    );
