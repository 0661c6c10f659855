import { describe, expect, it } from 'vitest';

import { exampleEvents } from '#kernel/event-types.js';
import { commandMeta, givenFor } from '#testing/decider-spec.js';

import { stationDecider } from './decider.js';
import { type StationEvent, stationEvents } from './events.js';

const given = givenFor(stationDecider);
const meta = commandMeta({ occurredAt: '2026-10-01T00:00:00.000Z' });
const {
  StationRegistered: registered,
  StationReconfigured: reconfigured,
  StationRetired: retired,
} = exampleEvents(stationEvents);
const register = { type: 'RegisterStation', data: registered.data, meta } as const;
const reconfigure = { type: 'ReconfigureStation', data: reconfigured.data, meta } as const;
const retire = { type: 'RetireStation', data: retired.data, meta } as const;
const [device] = registered.data.devices;
const [measure] = registered.data.measures;

const pointersOf = (more: object): readonly string[] => {
  const data = { ...registered.data, ...more };
  const { details } = given()
    .when({ ...register, data })
    .thenRefused('STATION_INVALID');
  return (details.errors ?? []).map(({ pointer }) => pointer);
};

describe('a station', () => {
  it('is registered once, from now on unless a time is given', () => {
    given().when(register).then(registered);
    given(registered).when(register).thenRefused('STATION_EXISTS');
    given().when(reconfigure).thenRefused('STATION_UNKNOWN');
    given()
      .when({ ...register, data: { ...register.data, at: null } })
      .then({ ...registered, data: { ...registered.data, at: meta.occurredAt } });
  });

  it('has each device once, one of which drives, and measures of its devices by names of their own', () => {
    expect(pointersOf({ devices: [device, device] })).toEqual(['/devices/1/deviceId']);
    expect(pointersOf({ devices: [{ ...device, role: 'measurement' }] })).toEqual(['/devices']);
    const strange = { ...measure, deviceId: 'another' };
    expect(pointersOf({ measures: [measure, strange] })).toEqual([
      ...['/measures/1/name', '/measures/1/deviceId'],
    ]);
  });

  it('is reconfigured where it changes, in the order of time and not ahead of it', () => {
    given(registered).when(reconfigure).then(reconfigured);
    given(registered, reconfigured).when(reconfigure).thenNothing();
    const { name: _, ...same } = registered.data;
    given(registered)
      .when({ ...reconfigure, data: same })
      .thenNothing();
    for (const at of ['2026-02-28T00:00:00.000Z', '2026-10-01T00:00:00.001Z']) {
      const { details } = given(registered)
        .when({ ...reconfigure, data: { ...reconfigure.data, at } })
        .thenRefused('STATION_TIME_INVALID');
      expect(details.errors).toMatchObject([{ pointer: '/at' }]);
    }
    expect(given(registered, reconfigured).state).toMatchObject({ configuration: 2, measures: [] });
  });

  it('is retired for good, and holds its name and its devices until then', () => {
    given(registered).when(retire).then(retired);
    given(registered, retired).when(retire).thenNothing();
    given(registered, retired).when(reconfigure).thenRefused('STATION_RETIRED');
    const keys = (...events: StationEvent[]) =>
      stationDecider.keys?.(given(...events).state, 'one').map(({ kind }) => kind);
    expect(keys(registered)).toEqual(['station-name', 'station-device']);
    // What it consisted of: no experiment begins on it any more.
    expect(keys(registered, retired)).toEqual(['station-configuration']);
    const changed = keys(registered, reconfigured);
    expect(changed).toEqual(['station-configuration', 'station-name', 'station-device']);
  });
});
