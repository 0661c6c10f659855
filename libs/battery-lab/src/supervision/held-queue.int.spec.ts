import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { EsdbEventLog } from '#event-log/esdb.js';
import { handleCommand } from '#event-log/handle-command.js';
import { exampleEvents } from '#kernel/event-types.js';
import { contentIdOf } from '#kernel/ids.js';
import { wallNow } from '#kernel/wall-clock.js';
import { commandMeta } from '#testing/decider-spec.js';
import { newEvent } from '#testing/new-event.js';
import { quiet } from '#testing/quiet.js';
import { startTestNode, type TestNode } from '#testing/test-node.js';

import { alarmStream } from '../alarm/events.js';
import { batteryEvents, batteryStream } from '../battery/events.js';
import { cyclerDeviceEvents, cyclerDeviceStream } from '../device/events.js';
import { examples, queued } from '../experiment/experiment.fixture.js';
import { Experiments } from '../experiment/experiments.js';
import { maxWaiting } from '../queue/decider.js';
import { queueStream } from '../queue/events.js';
import { stationEvents, stationStream } from '../station/events.js';
import { Batteries, CyclerDevices, Profiles, Stations } from '../things.js';
import { unitEvents, unitStream } from '../unit/events.js';
import { Supervisor } from './supervisor.js';

let node: TestNode;
let log: EsdbEventLog;
beforeAll(async () => {
  node = await startTestNode();
  log = EsdbEventLog.connect(node.url);
});
afterAll(async () => {
  await log.close();
  await node.stop();
});

/** However long a busy machine takes, the time of a test is what it says. */
const beganMs = wallNow();
const timeOf = (aheadS: number): number => beganMs + aheadS * 1_000;
const meta = (aheadS = 0) =>
  commandMeta({ commandId: randomUUID(), occurredAt: new Date(timeOf(aheadS)).toISOString() });
const { BatteryRegistered } = exampleEvents(batteryEvents);
const { CyclerDeviceRegistered, CyclerDeviceCalibrated } = exampleEvents(cyclerDeviceEvents);
const begin = (stream: string, event: { readonly type: string; readonly data: object }) =>
  log.append(stream, [newEvent(event.type, event.data)], 'no_stream');

const newBattery = async (): Promise<string> => {
  const id = randomUUID();
  await begin(batteryStream(id), BatteryRegistered);
  return id;
};
const newStation = async () => {
  const [id, unitId, deviceId] = [randomUUID(), randomUUID(), randomUUID()];
  await begin(unitStream(unitId), exampleEvents(unitEvents).UnitRegistered);
  await begin(cyclerDeviceStream(deviceId), CyclerDeviceRegistered);
  const { StationRegistered } = exampleEvents(stationEvents);
  const devices = [{ deviceId, role: 'power' }];
  const data = { ...StationRegistered.data, unitId, devices, measures: [] };
  await begin(stationStream(id), { ...StationRegistered, data });
  return { id, unitId, deviceId };
};
const queue = async ({ id: stationId, unitId }: Awaited<ReturnType<typeof newStation>>) => {
  const { supervisor } = supervision();
  const id = randomUUID();
  const limits = { ...queued.data.limits, ...BatteryRegistered.data.limits };
  const data = {
    ...{ ...queued.data, batteryId: await newBattery(), stationId, unitId },
    limits: { ...limits, currentA: { min: -5, max: 5 } },
  };
  const command = { type: 'QueueExperiment', data, meta: meta() } as const;
  await handleCommand(log, supervisor.experiments, id, command);
  return id;
};
/** A process of it whose clock is so many seconds ahead. */
const supervision = (aheadS = 0) => {
  const supervisor = new Supervisor(
    ...([log, quiet, () => timeOf(aheadS), () => Promise.resolve(true)] as const),
  );
  return { supervisor, attend: (id: string) => supervisor.attend(id) };
};
const stateOf = async (id: string) =>
  (await supervision().supervisor.experiments.refresh(id)).state;
const typesOf = async (stream: string): Promise<readonly string[]> => {
  const types: string[] = [];
  for await (const { type } of log.readStream(stream)) types.push(type);
  return types;
};
const calibrate = (deviceId: string, calibratedOn: string, validUntil: string) => {
  const data = {
    ...CyclerDeviceCalibrated.data,
    calibratedOn,
    validUntil,
    certificate: validUntil,
  };
  const command = { type: 'CalibrateCyclerDevice', data, meta: meta() } as const;
  return new CyclerDevices(log).handle(deviceId, command);
};

it('a station that nothing can run on holds its queue, fails no experiment, and goes on when it is mended', async () => {
  const station = await newStation();
  await calibrate(station.deviceId, '2020-01-01', '2020-12-31');
  const [first, second] = [await queue(station), await queue(station)];
  const alarms = () => typesOf(alarmStream(contentIdOf('cycler-alarm', first, 'queue')));
  for (const aheadS of [0, 0, 11, 11, 35]) {
    for (const id of [first, second]) await supervision(aheadS).attend(id);
  }
  expect(await stateOf(first)).toMatchObject({
    ...{ status: 'queued', ending: null, isHeld: true },
    held: { reason: expect.stringContaining('out of date'), attempts: 3 },
  });
  expect(await stateOf(second)).toMatchObject({ status: 'queued', held: null, ending: null });
  expect(await alarms()).toEqual(['CyclerAlarmRaised']);
  await calibrate(station.deviceId, '2021-01-01', '2999-12-31');
  await supervision(100).attend(first);
  expect(await stateOf(first)).toMatchObject({ status: 'assigned', isHeld: true });

  const answer = async (said: object) => {
    const { supervisor } = supervision(100);
    const { state } = await supervisor.experiments.refresh(first);
    const instruction = 'open' in state ? (state.open?.instruction ?? '') : '';
    const data = { instruction, reason: 'no', at: examples.ExperimentStarted.data.at, ...said };
    const command = { type: 'AnswerInstruction', data, meta: meta(100) } as const;
    await handleCommand(log, supervisor.experiments, first, command as never);
  };
  await answer({ status: 'refused', state: 'tripped' });
  expect(await stateOf(first)).toMatchObject({ status: 'queued', held: { attempts: 4 } });
  await supervision(400).attend(first);
  expect(await stateOf(first)).toMatchObject({ open: { kind: 'confirm-limits' } });
  await answer({ status: 'done', state: 'ready' });
  await supervision(400).attend(first);
  await answer({ status: 'done', state: 'running' });
  await supervision(400).attend(first);
  expect(await stateOf(first)).toMatchObject({ status: 'running', isHeld: false });
  expect(await alarms()).toEqual(['CyclerAlarmRaised', 'CyclerAlarmCleared']);
});

it('a full queue takes no experiment: it is refused, or fails where it was queued at the same moment', async () => {
  const station = await newStation();
  const full = Array.from({ length: maxWaiting + 1 }, () =>
    newEvent('ExperimentEnqueued', { experimentId: randomUUID() }),
  );
  const [{ data: taken }] = full as [(typeof full)[number]];
  const events = [...full, newEvent('ExperimentTaken', taken)];
  await log.append(queueStream(station.id), events, 'no_stream');
  const id = await queue(station);
  await supervision().attend(id);
  const message = 'at most 1000 experiments wait for a station';
  expect(await stateOf(id)).toMatchObject({ status: 'failed', ending: { message } });
  expect(await typesOf(queueStream(station.id))).toHaveLength(maxWaiting + 2);
  const things = { batteries: new Batteries(log), devices: new CyclerDevices(log) };
  const others = { stations: new Stations(log), profiles: new Profiles(log) };
  const wanted = { name: 'one', batteryId: await newBattery(), stationId: station.id };
  await expect(
    new Experiments(log, { ...things, ...others }).plan({ ...wanted, profileId: randomUUID() }),
  ).rejects.toMatchObject({ code: 'STATION_QUEUE_FULL' });
});
