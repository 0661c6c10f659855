import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, expect, it } from 'vitest';

import type { Detection } from '#cycling/protocol/messages.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import { exampleEvents } from '#kernel/event-types.js';
import { wallNow } from '#kernel/wall-clock.js';
import { commandMeta } from '#testing/decider-spec.js';
import { startTestNode, type TestNode } from '#testing/test-node.js';

import { cyclerDeviceEvents } from '../device/events.js';
import { CyclerDevices, Units } from '../things.js';
import { UnitDetections } from './unit-detections.js';

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

const meta = () =>
  commandMeta({ commandId: randomUUID(), occurredAt: new Date(wallNow()).toISOString() });
const { CyclerDeviceRegistered: example } = exampleEvents(cyclerDeviceEvents);
const { manufacturer, model } = example.data;

const newUnit = async (): Promise<string> => {
  const id = randomUUID();
  await new Units(log).handle(id, { type: 'RegisterUnit', data: { name: id }, meta: meta() });
  return id;
};
const newDevice = async (serialNumber: string): Promise<string> => {
  const id = randomUUID();
  const data = { ...example.data, serialNumber, firmware: null };
  await new CyclerDevices(log).handle(id, { type: 'RegisterCyclerDevice', data, meta: meta() });
  return id;
};
const attached = async (id: string) => (await new CyclerDevices(log).known(id)).attached;
const ask = async (unitId: string): Promise<string> => {
  const requestId = randomUUID();
  const data = { requestId };
  await new Units(log).handle(unitId, { type: 'RequestDetection', data, meta: meta() });
  return requestId;
};
/** As the unit's answer comes in, in a process that knows nothing else yet. */
const answer = (
  unitId: string,
  requestId: string,
  serials: readonly string[],
  linkName = 'can0',
) => {
  const devices = serials.map((serialNumber) => ({
    ...{ serialNumber, type: 'cycler', manufacturer, model, firmware: '3', linkName },
  }));
  const said: Detection = { type: 'detection', instruction: requestId, requestId, devices };
  return new UnitDetections(log).take(unitId, said, meta());
};

it('attaches the devices that a unit lists and detaches those that it does not list any more', async () => {
  const [unitId, other] = [await newUnit(), await newUnit()];
  const [known, second] = [await newDevice('D-1'), await newDevice('D-2')];
  expect(await answer(unitId, await ask(unitId), ['D-1', 'd-2 ', 'candidate'])).toBe('accepted');
  expect(await attached(known)).toMatchObject({ unitId, linkName: 'can0' });
  expect(await attached(second)).toMatchObject({ unitId });
  expect((await new CyclerDevices(log).known(known)).firmware).toBe('3');

  // One went to another unit, before the first one says that it is gone.
  await answer(other, await ask(other), ['D-2'], 'usb1');
  expect(await answer(unitId, await ask(unitId), ['D-1'])).toBe('accepted');
  expect(await attached(second)).toMatchObject({ unitId: other, linkName: 'usb1' });

  expect(await answer(unitId, await ask(unitId), [])).toBe('accepted');
  expect(await attached(known)).toBeNull();
  expect((await new Units(log).known(unitId)).detected).toMatchObject({ devices: [] });
});

it('takes an answer by its request: twice is once, and what nobody asked is refused', async () => {
  const unitId = await newUnit();
  const device = await newDevice('D-3');
  const [first, second] = [await ask(unitId), await ask(unitId)];
  expect(await answer(unitId, second, ['D-3'])).toBe('accepted');
  expect(await answer(unitId, second, ['D-3'])).toBe('unchanged');
  // A repetition that says something else is none of the answer.
  expect(await answer(unitId, second, [])).toBe('unchanged');
  expect(await attached(device)).toMatchObject({ unitId });
  expect((await new Units(log).known(unitId)).openDetections).toEqual([first]);
  await expect(answer(unitId, randomUUID(), [])).rejects.toMatchObject({
    ...{ code: 'DETECTION_UNKNOWN' },
  });
  expect(await attached(device)).toMatchObject({ unitId });
});

it('passes over devices that are retired', async () => {
  const unitId = await newUnit();
  const id = await newDevice('D-4');
  await new CyclerDevices(log).handle(id, { type: 'RetireCyclerDevice', data: {}, meta: meta() });
  expect(await answer(unitId, await ask(unitId), ['D-4'])).toBe('accepted');
  expect(await attached(id)).toBeNull();
});
