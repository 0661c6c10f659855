import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { batteryEvents, batteryStream } from '#battery-lab/battery/events.js';
import { cyclerDeviceEvents, cyclerDeviceStream } from '#battery-lab/device/events.js';
import { profileEvents, profileStream } from '#battery-lab/profile/events.js';
import { stationEvents, stationStream } from '#battery-lab/station/events.js';
import { unitEvents, unitStream } from '#battery-lab/unit/events.js';
import { keyForfeited } from '#event-log/key/forfeited.js';
import { exampleEvents } from '#kernel/event-types.js';
import { readOne, readPage } from '#resource/reading.js';
import type { Resource } from '#resource/resource.js';
import { ProjectionDatabase } from '#subscription/projection/test/projection-database.js';
import { EventStory, idOf } from '#testing/event-story.js';

import { batteries } from './batteries.http.js';
import { devices } from './cycler-devices.http.js';
import { labThings } from './lab-things.projection.js';
import { listed, profiles, versions } from './profiles.http.js';
import { configurations, stations } from './stations.http.js';
import { units } from './units.http.js';

const battery = exampleEvents(batteryEvents);
const device = exampleEvents(cyclerDeviceEvents);
const unit = exampleEvents(unitEvents);
const station = exampleEvents(stationEvents);
const profile = exampleEvents(profileEvents);

const lead = {
  ...battery.BatteryRegistered,
  data: {
    ...battery.BatteryRegistered.data,
    ...{ name: 'starter', manufacturer: 'Yuasa', technology: 'leadAcid', chemistry: 'gel' },
  },
};
const [own] = station.StationRegistered.data.devices;
const deviceId = own?.deviceId ?? '';
const { unitId } = station.StationRegistered.data;
const forfeit = { type: keyForfeited, data: { kind: 'any', value: 'any', claim: '0' } };

const story = new EventStory()
  .add(batteryStream('a'), battery.BatteryRegistered)
  .add(batteryStream('b'), lead)
  .add(batteryStream('a'), battery.BatteryRenamed)
  .add(batteryStream('a'), battery.BatteryLimitsRevised)
  .add(batteryStream('a'), battery.BatteryProductSet)
  .add(batteryStream('b'), battery.BatteryRetired)
  .add(batteryStream('b'), forfeit)
  .add(cyclerDeviceStream(deviceId), device.CyclerDeviceRegistered)
  .add(cyclerDeviceStream(deviceId), device.CyclerDeviceSeen)
  .add(cyclerDeviceStream(deviceId), device.CyclerDeviceCalibrated)
  .add(cyclerDeviceStream('other'), device.CyclerDeviceRegistered)
  .add(cyclerDeviceStream('other'), device.CyclerDeviceSeen)
  .add(cyclerDeviceStream('other'), device.CyclerDeviceDetached)
  .add(cyclerDeviceStream('other'), device.CyclerDeviceRetired)
  .add(unitStream(unitId), unit.UnitRegistered)
  .add(unitStream(unitId), unit.DetectionRequested)
  .add(unitStream(unitId), unit.DevicesDetected)
  .add(`device-${unitId}`, forfeit)
  .add(stationStream('s'), station.StationRegistered)
  .add(stationStream('s'), station.StationReconfigured)
  .add(stationStream('r'), station.StationRegistered)
  .add(stationStream('r'), station.StationRetired)
  .add(profileStream('p'), profile.ProfileDefined, { reason: 'first' })
  .add(profileStream('p'), profile.ProfileRevised)
  .add(profileStream('q'), profile.ProfileDefined)
  .add(profileStream('q'), profile.ProfileRetired);

// In one batch, and event by event: the same rows.
describe.each([story.events.length, 1])('in batches of %i the lab', (size) => {
  let database: ProjectionDatabase;
  beforeAll(async () => {
    database = await ProjectionDatabase.of(labThings);
    await database.apply(story.events, size);
  });
  afterAll(() => database.stop());

  const list = async <Item>(resource: Resource<Item>, filter: object = {}) => {
    const { items } = await readPage(database.pool, resource, { filter: { ...filter } });
    return items;
  };
  const ids = async <Item>(resource: Resource<Item>, filter: object) =>
    (await list(resource, filter)).map((item) => (item as { readonly id: string }).id);

  it('has its batteries as they stand, by what they are', async () => {
    const { limits } = battery.BatteryLimitsRevised.data;
    expect(await readOne(database.pool, batteries, 'a')).toEqual({
      ...{ id: 'a', status: 'inUse', ...battery.BatteryRegistered.data, limits },
      ...{ ...battery.BatteryRenamed.data, ...battery.BatteryProductSet.data, revision: 3 },
    });
    expect(await list(batteries)).toMatchObject([
      { id: 'b', status: 'retired', revision: 2 },
      { id: 'a' },
    ]);
    const { productId } = battery.BatteryProductSet.data;
    for (const filter of [
      ...[{ technology: 'lithium' }, { chemistry: 'LFP' }, { manufacturer: 'A123' }, { productId }],
      ...[{ name: 'aged cell 7b' }, { status: 'inUse' }],
    ]) {
      expect(await ids(batteries, filter)).toEqual(['a']);
    }
    expect(await ids(batteries, { serialNumber: 'K2-016' })).toEqual(['b', 'a']);
    expect(await ids(batteries, { technology: 'leadAcid', status: 'inUse' })).toEqual([]);
  });

  it('has its devices with calibrations, by unit, station and day', async () => {
    const { firmware, ...attached } = device.CyclerDeviceSeen.data;
    expect(await readOne(database.pool, devices, deviceId)).toEqual({
      ...{ id: deviceId, status: 'inUse', ...device.CyclerDeviceRegistered.data, firmware },
      ...{ attached, calibrations: [device.CyclerDeviceCalibrated.data], revision: 2 },
    });
    expect(await ids(devices, { serialNumber: '1042' })).toEqual(['other', deviceId]);
    for (const filter of [
      ...[{ unitId: attached.unitId }, { stationId: 's' }, { status: 'inUse' }],
      ...[{ calibratedOn: '2026-02-11' }, { calibratedOn: '2027-02-10' }],
    ]) {
      expect(await ids(devices, filter)).toEqual([deviceId]);
    }
    expect(await ids(devices, { calibratedOn: '2027-02-11' })).toEqual([]);
    expect(await ids(devices, { stationId: 'r' })).toEqual([]);
  });

  it('has its units with what they detected', async () => {
    expect(await list(units, { name: 'bench-pi-3' })).toEqual([
      {
        ...{ id: unitId, status: 'inUse', name: 'bench-pi-3', openDetections: [] },
        // A key that the device of the same id lost is none of the unit's events.
        ...{ detected: unit.DevicesDetected.data, revision: 2 },
      },
    ]);
  });

  it('has its stations as they are, and as they were at a time', async () => {
    const { at: since, ...now } = station.StationReconfigured.data;
    expect(await readOne(database.pool, stations, 's')).toEqual({
      ...{ id: 's', status: 'inUse', name: 'station 4', ...now, since },
      ...{ configuration: 2, retiredAt: null, revision: 1 },
    });
    expect(await ids(stations, { unitId })).toEqual(['r', 's']);
    expect(await ids(stations, { deviceId, status: 'inUse' })).toEqual(['s']);
    expect(await ids(stations, { deviceId: idOf('none') })).toEqual([]);
    const of = (id: string): typeof configurations => ({
      ...{ ...configurations, where: [(sql) => `station_id = ${sql.add(id)}`] },
    });
    const { name: _, at, ...first } = station.StationRegistered.data;
    const change = new Date(since);
    const before = { number: 1, ...first, since: new Date(at), until: change };
    const after = { number: 2, ...now, since: change, until: null };
    expect(await list(of('s'))).toEqual([before, after]);
    expect(await list(of('s'), { at: new Date(change.getTime() - 1) })).toEqual([before]);
    expect(await list(of('s'), { at: change })).toEqual([after]);
    const retired = new Date(station.StationRetired.data.at);
    expect(await list(of('r'))).toEqual([{ ...before, until: retired }]);
    expect(await list(of('r'), { at: retired })).toEqual([]);
  });

  it('has its profiles, and each version with its program', async () => {
    const { program, hash } = profile.ProfileRevised.data;
    const { name, description } = profile.ProfileDefined.data;
    const last = { id: 'p', status: 'inUse', name, description, version: 2, hash, revision: 1 };
    expect(await readOne(database.pool, profiles, 'p')).toEqual({ ...last, program });
    expect(await list(listed, { status: 'inUse' })).toEqual([last]);
    expect(await ids(listed, { name })).toEqual(['q', 'p']);
    const of = { ...versions, where: [() => `profile_id = 'p'`] };
    expect(await list(of)).toEqual([
      {
        ...{ version: 1, hash: profile.ProfileDefined.data.hash, definedBy: 'key-1' },
        ...{ program: profile.ProfileDefined.data.program, reason: 'first' },
        definedAt: expect.any(Date) as Date,
      },
      expect.objectContaining({ version: 2, hash, program, reason: null }),
    ]);
    expect(await list(of, { version: 2 })).toHaveLength(1);
  });
});
