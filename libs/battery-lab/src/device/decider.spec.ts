import { describe, expect, it } from 'vitest';

import { exampleEvents } from '#kernel/event-types.js';
import { commandMeta, givenFor } from '#testing/decider-spec.js';

import { cyclerDeviceDecider } from './decider.js';
import { calibrationOn } from './document.js';
import { type CyclerDeviceEvent, cyclerDeviceEvents } from './events.js';

const given = givenFor(cyclerDeviceDecider);
const meta = commandMeta();
const {
  CyclerDeviceRegistered: registered,
  CyclerDeviceSeen: seen,
  CyclerDeviceDetached: detached,
  CyclerDeviceCalibrated: calibrated,
  CyclerDeviceRetired: retired,
} = exampleEvents(cyclerDeviceEvents);
const register = { type: 'RegisterCyclerDevice', data: registered.data, meta } as const;
const see = { type: 'SeeCyclerDevice', data: seen.data, meta } as const;
const detach = { type: 'DetachCyclerDevice', data: detached.data, meta } as const;
const calibrate = { type: 'CalibrateCyclerDevice', data: calibrated.data, meta } as const;
const retire = { type: 'RetireCyclerDevice', data: {}, meta } as const;

describe('a device of the lab', () => {
  it('is registered once, with ranges that begin before they end', () => {
    given().when(register).then(registered);
    given(registered).when(register).thenRefused('CYCLER_DEVICE_EXISTS');
    given().when(calibrate).thenRefused('CYCLER_DEVICE_UNKNOWN');
    const ranges = { voltageV: null, currentA: { min: 15, max: -15 }, powerW: null };
    const { details } = given()
      .when({ ...register, data: { ...register.data, ranges } })
      .thenRefused('CYCLER_DEVICE_INVALID');
    expect(details.errors).toMatchObject([{ pointer: '/ranges/currentA/max' }]);
  });

  it('is noted where it is found, once for each place and firmware', () => {
    given(registered).when(see).then(seen);
    const later = { ...see, data: { ...see.data, at: '2026-04-01T00:00:00.000Z' } };
    given(registered, seen).when(later).thenNothing();
    const updated = { ...later, data: { ...later.data, firmware: '3.0' } };
    given(registered, seen)
      .when(updated)
      .then({ ...seen, data: updated.data });
    const silent = { ...later, data: { ...later.data, firmware: null } };
    given(registered, seen).when(silent).thenNothing();
    const early = { ...see.data, linkName: 'can0/20', at: '2026-02-28T00:00:00.000Z' };
    given(registered, seen)
      .when({ ...see, data: early })
      .thenNothing();
    expect(given(registered, seen).state).toMatchObject({ firmware: '2.2' });
  });

  it('is detached by the unit that found it last alone', () => {
    given(registered, seen).when(detach).then(detached);
    given(registered, seen, detached).when(detach).thenNothing();
    const other = { ...detach, data: { ...detach.data, unitId: 'another' } };
    given(registered, seen).when(other).thenNothing();
    expect(given(registered, seen, detached).state).toMatchObject({ attached: null });
  });

  it('is calibrated once for each certificate, for a period and with factors that are some', () => {
    given(registered).when(calibrate).then(calibrated);
    given(registered, calibrated).when(calibrate).thenNothing();
    const channels = [{ quantity: 'current', factor: 0, offset: 0 }] as const;
    const data = { ...calibrated.data, validUntil: '2026-02-10', channels };
    const { details } = given(registered)
      .when({ ...calibrate, data })
      .thenRefused('CALIBRATION_INVALID');
    expect(details.errors).toMatchObject([
      ...[{ pointer: '/validUntil' }, { pointer: '/channels/0/factor' }],
    ]);
  });

  it('counts as calibrated from the first to the last day, by the latest certificate', () => {
    const again = { ...calibrated.data, certificate: 'C-2', calibratedOn: '2026-12-01' };
    const calibrations = [{ ...again, validUntil: '2027-12-01' }, calibrated.data];
    const on = (day: string) => calibrationOn({ calibrations }, day)?.certificate;
    expect(['2026-02-10', '2026-02-11', '2026-11-30', '2026-12-01', '2027-12-02'].map(on)).toEqual([
      ...[undefined, 'C-2026-0117', 'C-2026-0117', 'C-2', undefined],
    ]);
  });

  it('is retired for good, and holds its serial number until then', () => {
    given(registered).when(retire).then(retired);
    given(registered, retired).when(retire).thenNothing();
    given(registered, retired).when(calibrate).thenRefused('CYCLER_DEVICE_RETIRED');
    const keys = (...events: CyclerDeviceEvent[]) =>
      cyclerDeviceDecider.keys?.(given(...events).state, 'one').map(({ kind }) => kind);
    expect([keys(registered), keys(registered, retired)]).toEqual([
      ['cycler-device-serial'],
      ['station-device'],
    ]);
  });
});
