import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EsdbEventLog } from '#event-log/esdb.js';
import { handleCommand } from '#event-log/handle-command.js';
import { exampleEvents } from '#kernel/event-types.js';
import { Refusal } from '#kernel/refusal.js';
import { wallNow } from '#kernel/wall-clock.js';
import { Logger } from '#observability/logging.js';
import { commandMeta } from '#testing/decider-spec.js';
import { startTestNode, type TestNode } from '#testing/test-node.js';

import { batteryEvents } from './battery/events.js';
import { cyclerDeviceEvents } from './device/events.js';
import { experimentEvents } from './experiment/events.js';
import { Supervisor } from './supervision/supervisor.js';
import { Batteries, CyclerDevices, Stations, Units } from './things.js';

let node: TestNode;
let log: EsdbEventLog;
beforeAll(async () => {
  node = await startTestNode();
  log = EsdbEventLog.connect(node.url);
  await newUnit(unitId);
});
afterAll(async () => {
  await log.close();
  await node.stop();
});

const meta = () =>
  commandMeta({ commandId: randomUUID(), occurredAt: new Date(wallNow()).toISOString() });
const logger = Logger.create({ app: 'test', level: 'silent' });
const { BatteryRegistered: battery } = exampleEvents(batteryEvents);
const { CyclerDeviceRegistered: device } = exampleEvents(cyclerDeviceEvents);
const { ExperimentQueued: queued } = exampleEvents(experimentEvents);
const unitId = randomUUID();
const newUnit = async (id: string): Promise<void> => {
  await new Units(log).handle(id, { type: 'RegisterUnit', data: { name: id }, meta: meta() });
};

/** What each of several processes has. */
const process = () => ({
  ...{ batteries: new Batteries(log), devices: new CyclerDevices(log) },
  ...{
    stations: new Stations(log),
    supervisor: new Supervisor(log, logger, wallNow, () => Promise.resolve(true)),
  },
});

const newBattery = async (): Promise<string> => {
  const [id, serialNumber] = [randomUUID(), randomUUID()];
  const data = { ...battery.data, serialNumber };
  await process().batteries.handle(id, { type: 'RegisterBattery', data, meta: meta() });
  return id;
};
const newDevice = async (): Promise<string> => {
  const [id, serialNumber] = [randomUUID(), randomUUID()];
  const data = { ...device.data, serialNumber };
  await process().devices.handle(id, { type: 'RegisterCyclerDevice', data, meta: meta() });
  return id;
};
const consisting = (deviceId: string) =>
  ({
    ...{ location: '', unitId, measures: [], at: null },
    devices: [{ deviceId, role: 'power' }],
  }) as const;
const registerStation = async (
  deviceId: string,
  id: string = randomUUID(),
  unit = unitId,
): Promise<string> => {
  const data = { name: id, ...consisting(deviceId), unitId: unit };
  await process().stations.handle(id, { type: 'RegisterStation', data, meta: meta() });
  return id;
};
/** Queued; it is the supervisor's to assign it. */
const newExperiment = async (
  batteryId: string,
  stationId: string,
  unit = unitId,
): Promise<string> => {
  const id = randomUUID();
  const program = { steps: [{ do: 'rest', until: [{ timeS: 60 }] }] };
  const limits = { ...queued.data.limits, ...battery.data.limits };
  const currentA = { min: -5, max: 5 };
  const data = {
    ...queued.data,
    ...{ batteryId, stationId, unitId: unit, program, limits: { ...limits, currentA } },
  };
  const states = process().supervisor.experiments;
  await handleCommand(log, states, id, { type: 'QueueExperiment', data, meta: meta() });
  return id;
};
const statusOf = async (id: string) =>
  (await process().supervisor.experiments.refresh(id)).state.status;

const retireBattery = (id: string) =>
  process().batteries.handle(id, { type: 'RetireBattery', data: {}, meta: meta() });
const retireDevice = (id: string) =>
  process().devices.handle(id, { type: 'RetireCyclerDevice', data: {}, meta: meta() });
const retireStation = (id: string) =>
  process().stations.handle(id, { type: 'RetireStation', data: { at: null }, meta: meta() });
const reconfigure = (id: string, deviceId: string) => {
  const data = consisting(deviceId);
  return process().stations.handle(id, { type: 'ReconfigureStation', data, meta: meta() });
};
const abortWithOutputOff = async (id: string): Promise<void> => {
  const { supervisor } = process();
  for (const command of [
    { type: 'AbortExperiment', data: { message: null } },
    { type: 'ConfirmOutputOff', data: {} },
  ] as const) {
    await handleCommand(log, supervisor.experiments, id, { ...command, meta: meta() });
  }
};
const attend = (id: string) => process().supervisor.attend(id);

/** The code of what it is refused with; what it is carried out with otherwise. */
const outcomeOf = async (attempt: Promise<{ readonly outcome: string }>): Promise<string> => {
  try {
    return (await attempt).outcome;
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
};

describe('what an experiment has', () => {
  it('is not retired or changed before it has ended, and says which experiment it is', async () => {
    const batteryId = await newBattery();
    const [deviceId, other] = [await newDevice(), await newDevice()];
    const stationId = await registerStation(deviceId);
    const id = await newExperiment(batteryId, stationId);
    await attend(id);
    expect(await statusOf(id)).toBe('assigned');
    await expect(retireBattery(batteryId)).rejects.toMatchObject({
      ...{ code: 'BATTERY_UNDER_TEST', kind: 'conflict', details: { experimentId: id } },
    });
    await expect(reconfigure(stationId, other)).rejects.toMatchObject({
      ...{ code: 'STATION_UNDER_TEST', kind: 'conflict', details: { experimentId: id } },
    });
    expect(await outcomeOf(retireStation(stationId))).toBe('STATION_UNDER_TEST');
    await expect(retireDevice(deviceId)).rejects.toMatchObject({
      ...{ code: 'CYCLER_DEVICE_AT_STATION', details: { stationId } },
    });
    await abortWithOutputOff(id);
    await attend(id);
    expect(await statusOf(id)).toBe('aborted');
    expect(await outcomeOf(reconfigure(stationId, other))).toBe('accepted');
    expect(await outcomeOf(retireDevice(deviceId))).toBe('accepted');
    expect(await outcomeOf(retireStation(stationId))).toBe('accepted');
    expect(await outcomeOf(retireBattery(batteryId))).toBe('accepted');
  });

  it('is the turn of the next one when it has ended, which is looked at until its battery is free', async () => {
    const [battery, other] = [await newBattery(), await newBattery()];
    const [stationId, elsewhere] = [
      await registerStation(await newDevice()),
      await registerStation(await newDevice()),
    ];
    const [first, next] = [
      await newExperiment(other, stationId),
      await newExperiment(battery, stationId),
    ];
    await attend(await newExperiment(battery, elsewhere));
    expect(await attend(first)).toMatchObject({ next: undefined });
    expect(await attend(next)).toMatchObject({ next: first, dueInMs: undefined });
    await abortWithOutputOff(first);
    expect(await attend(first)).toMatchObject({ state: { status: 'aborted' }, next });
    const waits = await attend(next);
    expect(waits.state.status).toBe('queued');
    expect(waits.dueInMs).toBeGreaterThan(0);
    // Also where what came of it was lost since.
    expect(await attend(first)).toMatchObject({ next });
  });

  it('is looked at again at its turn: less is allowed than when it was queued', async () => {
    const [batteryId, deviceId] = [await newBattery(), await newDevice()];
    const id = await newExperiment(batteryId, await registerStation(deviceId));
    const { voltageV, temperatureC } = battery.data.limits;
    const data = { limits: { voltageV, temperatureC, currentA: { min: -1, max: 1 } } };
    const { batteries } = process();
    await batteries.handle(batteryId, { type: 'ReviseBatteryLimits', data, meta: meta() });
    await attend(id);
    const { state } = await process().supervisor.experiments.refresh(id);
    expect(state).toMatchObject({
      ...{ status: 'failed', ending: { message: expect.stringContaining('allow less') } },
    });
  });
});

it('does not begin on a unit that is not used any more', async () => {
  const retired = randomUUID();
  await newUnit(retired);
  const stationId = await registerStation(await newDevice(), randomUUID(), retired);
  const id = await newExperiment(await newBattery(), stationId, retired);
  await new Units(log).handle(retired, { type: 'RetireUnit', data: {}, meta: meta() });
  await attend(id);
  const { state } = await process().supervisor.experiments.refresh(id);
  expect(state).toMatchObject({
    status: 'failed',
    ending: { message: expect.stringContaining('the unit') },
  });
});

describe('at the same moment', () => {
  const rounds = Array.from({ length: 8 }, (_, at) => at);
  /** The other one is further on, round by round. */
  const later = async <T>(round: number, act: () => Promise<T>): Promise<T> => {
    await sleep(round * 25);
    return act();
  };

  it.each(rounds)(
    'a battery is retired or comes into an experiment, never both (%i)',
    async (round) => {
      const batteryId = await newBattery();
      const id = await newExperiment(batteryId, await registerStation(await newDevice()));
      const [retired] = await Promise.all([
        later(round, () => outcomeOf(retireBattery(batteryId))),
        attend(id),
      ]);
      const status = await statusOf(id);
      if (retired === 'accepted') expect(['queued', 'failed']).toContain(status);
      else expect([retired, status]).toEqual(['BATTERY_UNDER_TEST', 'assigned']);
    },
  );

  it.each(rounds)('a station changes or an experiment begins on it (%i)', async (round) => {
    const [deviceId, other] = [await newDevice(), await newDevice()];
    const stationId = await registerStation(deviceId);
    const id = await newExperiment(await newBattery(), stationId);
    const change = () =>
      round % 2 === 0 ? reconfigure(stationId, other) : retireStation(stationId);
    const [changed] = await Promise.all([later(round, () => outcomeOf(change())), attend(id)]);
    const { state } = await process().supervisor.experiments.refresh(id);
    const devices = 'assigned' in state ? (state.assigned?.devices ?? []) : [];
    if (state.status !== 'assigned') expect(changed).toBe('accepted');
    // Either way it runs on what the station consists of.
    else expect(devices).toMatchObject([{ deviceId: changed === 'accepted' ? other : deviceId }]);
  });

  it.each(rounds)('a device is retired or comes to a station, never both (%i)', async (round) => {
    const deviceId = await newDevice();
    const [retired, registered] = await Promise.all([
      later(round, () => outcomeOf(retireDevice(deviceId))),
      outcomeOf(registerStation(deviceId).then(() => ({ outcome: 'accepted' }))),
    ]);
    expect([
      ['accepted', 'CYCLER_DEVICE_RETIRED'],
      ['CYCLER_DEVICE_AT_STATION', 'accepted'],
    ]).toContainEqual([retired, registered]);
  });
});
