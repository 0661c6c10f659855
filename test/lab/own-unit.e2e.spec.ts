import { afterAll, beforeAll, expect, it } from 'vitest';

import { eventually } from '#testing/until.js';

import { experimentIn, LabSystem } from './lab-system.js';
import { OwnUnit } from './own-unit.js';

let lab: LabSystem;
let unit: OwnUnit;
let unitId: string;
let stationId: string;
beforeAll(async () => {
  lab = await LabSystem.start();
  unitId = String((await lab.post('/v1/devices', { type: 'cycler-unit' }))['id']);
  const { secret } = await lab.post(`/v1/devices/${unitId}/issue-credential`);
  await lab.post('/v1/units', { deviceId: unitId, name: 'own unit' });
  const device = await lab.post('/v1/cycler-devices', {
    ...{ type: 'cycler', manufacturer: 'We', model: 'Own', serialNumber: 'OWN-1' },
    ranges: { voltageV: { min: 0, max: 6 }, currentA: { min: -20, max: 20 } },
  });
  const devices = [{ deviceId: device['id'], role: 'power' }];
  const station = { name: 'own station', unitId, measures: [], devices };
  stationId = String((await lab.post('/v1/stations', station))['id']);
  unit = await OwnUnit.connect(lab.mqttUrl, unitId, String(secret));
}, 120_000);
afterAll(async () => {
  await unit.end();
  await lab.stop();
});

it('runs an experiment with a unit that is written by the document of the protocol alone', async () => {
  await lab.post(`/v1/units/${unitId}/request-detection`);
  const { id: experiment } = await lab.post('/v1/experiments', {
    ...{ name: 'by document', batteryId: await lab.newBattery(), stationId },
    profileId: await lab.newProfile({ steps: [{ do: 'rest', until: [{ timeS: 3_600 }] }] }),
  });
  const id = String(experiment);
  const order = (verb: string, body: object = {}) =>
    lab.post(`/v1/experiments/${id}/${verb}`, body);
  await experimentIn(lab, id, ['running']);
  await order('pause');
  await experimentIn(lab, id, ['paused']);
  await order('resume');
  await experimentIn(lab, id, ['running']);
  // The step has no such condition: the server takes it for a fault and has the output off.
  await unit.step(id, stationId, 'ended', { cause: 'voltage' });
  await eventually(async () => {
    expect(await lab.get(`/v1/experiments/${id}`)).toMatchObject({
      status: 'tripped',
      output: 'off',
    });
  });
  await order('reset-trip', { reason: 'it is a test' });
  await experimentIn(lab, id, ['interrupted']);
  await order('abort', { reason: 'it is enough' });
  await experimentIn(lab, id, ['aborted']);
  expect(unit.instructed.filter((kind, at, all) => all.indexOf(kind) === at)).toEqual([
    ...['detect', 'confirm-limits', 'start', 'pause', 'resume', 'output-off', 'reset-trip', 'stop'],
  ]);
  expect(unit.leases).toBeGreaterThan(0);
  expect(unit.problems).toEqual([]);
}, 120_000);
