import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { UnitDetections } from '#battery-lab/unit-link/unit-detections.js';
import { commandMeta } from '#testing/decider-spec.js';

import { catalog } from '../product-catalog/product-catalog.projection.js';
import { after, codeOf, idOf, itemsOf, LabApi, limits, pointersOf } from './lab-api.fixture.js';

let lab: LabApi;
beforeAll(async () => {
  lab = await LabApi.start();
}, 60_000);
afterAll(() => lab.stop());

describe('a battery', () => {
  it('is registered with its limits, revised, renamed and retired; its history stays', async () => {
    const first = await lab.battery({ serialNumber: 'K2-016', description: 'aged' });
    expect(first.status).toBe(201);
    const id = idOf(first);
    const again = await lab.battery({ serialNumber: ' k2-016' });
    expect(codeOf(again)).toEqual([409, 'BATTERY_SERIAL_NUMBER_TAKEN']);
    expect([pointersOf(again), again.body['battery_id']]).toEqual([['/serialNumber'], id]);
    await lab.post(`/batteries/${id}/rename`, { name: 'cell 7' });
    const tight = { ...limits, currentA: { min: -2, max: 1 } };
    const revised = await lab.post(`/batteries/${id}/revise-limits`, { limits: tight });
    expect((await lab.get(`/batteries/${id}`, after(revised))).body).toEqual({
      ...{ id, status: 'inUse', name: 'cell 7', description: 'aged', manufacturer: 'A123' },
      ...{ model: 'ANR', serialNumber: 'K2-016', manufacturedOn: null, technology: 'lithium' },
      ...{ chemistry: 'LFP', redoxFlow: null, nominalCapacityAh: 2.3, cellsInSeries: 1 },
      ...{ limits: tight, productId: null, revision: 2 },
    });
    const then = await lab.get(`/batteries/${id}`, { asOf: `@${String(first.body['position'])}` });
    expect(then.body).toMatchObject({ id, name: 'cell', limits, revision: 0 });
    const retired = await lab.post(`/batteries/${id}/retire`, { reason: 'swollen' });
    const history = await lab.get(`/batteries/${id}/history`, after(retired));
    expect(itemsOf(history)).toMatchObject([
      ...[{ event: 'BatteryRegistered' }, { event: 'BatteryRenamed' }],
      { event: 'BatteryLimitsRevised', changes: expect.any(Array) as [] },
      { event: 'BatteryRetired', reason: 'swollen' },
    ]);
    expect((await lab.battery({ serialNumber: 'K2-016' })).status).toBe(201);
    const found = await lab.get('/batteries', { serialNumber: 'K2-016', status: 'retired' });
    expect(itemsOf(found)).toMatchObject([{ id }]);
  });

  it('is refused with each field that is wrong, and what was expected', async () => {
    const wrong = await lab.battery({
      ...{ nominalCapacityAh: 0, cellsInSeries: 1.5 },
      limits: { ...limits, currentA: { min: 'x' }, voltageV: null },
    });
    expect(codeOf(wrong)).toEqual([400, 'BODY_INVALID']);
    expect(wrong.body['errors']).toEqual([
      { pointer: '/nominalCapacityAh', reason: 'expected a number above 0 to 1000000' },
      { pointer: '/cellsInSeries', reason: 'expected a whole number from 1 to 10000' },
      { pointer: '/limits/voltageV', reason: 'expected an object with min and max in V' },
      {
        pointer: '/limits/currentA/min',
        reason: 'expected a number from -1000000000 to 1000000000',
      },
      {
        pointer: '/limits/currentA/max',
        reason: 'required: expected a number from -1000000000 to 1000000000',
      },
    ]);
    const gel = await lab.battery({ chemistry: 'gel' });
    expect([codeOf(gel), pointersOf(gel)]).toEqual([[422, 'BATTERY_INVALID'], ['/chemistry']]);
    expect(codeOf(await lab.get('/batteries/none'))).toEqual([404, 'BATTERY_UNKNOWN']);
  });

  it('is one of a product that the registry has, by its id or any of its codes', async () => {
    await lab.post('/manufacturers', { name: 'A123', reason: 'test' });
    const product = await lab.post('/products', {
      ...{ type: 'ProdBattery', manufacturer: 'A123', model: 'ANR26650', reason: 'test' },
      elements: { EnergyCapacityNominal: { value: '0.0076', unit: 'kWh' } },
    });
    expect(product.status).toBe(201);
    await lab.get('/products', after(product));
    const productId = idOf(product);
    const code = `insert into ${catalog}.product_codes (code, product_id) values ($1, $2)`;
    await lab.api.store.pool.query(code, ['A1-ANR', productId]);
    const named = await lab.battery({ productId: 'a1-anr' });
    const own = await lab.get(`/batteries/${idOf(named)}`, after(named));
    expect(own.body).toMatchObject({ productId });
    expect(itemsOf(await lab.get('/batteries', { productId }))).toMatchObject([
      { id: idOf(named) },
    ]);
    const set = await lab.post(`/batteries/${idOf(named)}/set-product`, { productId: 'nothing' });
    expect([codeOf(set), pointersOf(set)]).toEqual([
      ...[[422, 'BATTERY_PRODUCT_UNKNOWN'], ['/productId']],
    ]);
    const none = await lab.post(`/batteries/${idOf(named)}/set-product`);
    expect(none.headers.get('command-outcome')).toBe('accepted');
  });
});

describe('a device of the lab', () => {
  it('says on which days it is calibrated', async () => {
    const one = await lab.device();
    const id = idOf(one);
    const calibration = {
      ...{ certificate: 'C-1', calibratedOn: '2026-02-11', validUntil: '2027-02-10' },
      channels: [{ quantity: 'voltage', factor: 1.0004, offset: -0.0012 }],
    };
    const path = `/cycler-devices/${id}`;
    const recorded = await lab.post(`${path}/record-calibration`, calibration);
    const on = async (day: string) =>
      (await lab.get(`${path}/calibration`, { on: day, ...after(recorded) })).body;
    expect(await on('2027-02-10')).toEqual({
      ...{ deviceId: id, on: '2027-02-10', isCalibrated: true, calibration },
    });
    expect(await on('2027-02-11')).toMatchObject({ isCalibrated: false, calibration: null });
    expect((await lab.get(`${path}/calibration`)).body['on']).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    expect((await lab.get(path)).body).toMatchObject({
      calibrations: [calibration],
      attached: null,
    });
    expect(itemsOf(await lab.get('/cycler-devices', { calibratedOn: '2026-06-01' }))).toHaveLength(
      1,
    );
    const due = async (calibrationDueBy: string) =>
      itemsOf(await lab.get('/cycler-devices', { calibrationDueBy })).map((item) => item['id']);
    expect([await due('2027-02-10'), await due('2027-02-11')]).toEqual([[], [id]]);
    const { serialNumber } = (await lab.get(path)).body;
    expect(codeOf(await lab.device({ serialNumber }))).toEqual([
      ...[409, 'CYCLER_DEVICE_SERIAL_NUMBER_TAKEN'],
    ]);
    expect(itemsOf(await lab.get(`${path}/history`))).toHaveLength(2);
    const then = await lab.get(path, { asOf: `@${String(one.body['position'])}` });
    expect(then.body).toMatchObject({ calibrations: [], revision: 0 });
  });
});

describe('a unit', () => {
  it('is a device of the link, and is asked for what hangs on it', async () => {
    const deviceId = idOf(await lab.post('/devices', { type: 'cycler-unit' }));
    const one = await lab.post('/units', { deviceId, name: 'bench-pi' });
    expect([one.status, idOf(one)]).toEqual([201, deviceId]);
    expect(one.headers.get('location')).toBe(`/v1/units/${deviceId}`);
    const nobody = { deviceId: '00000000-0000-5000-8000-000000000000', name: 'ghost' };
    expect(codeOf(await lab.post('/units', nobody))).toEqual([404, 'DEVICE_UNKNOWN']);
    const other = { deviceId: idOf(await lab.post('/devices', { type: 'x' })), name: 'Bench-PI' };
    expect(codeOf(await lab.post('/units', other))).toEqual([409, 'UNIT_NAME_TAKEN']);
    const asked = await lab.post(`/units/${deviceId}/request-detection`);
    expect(asked.status).toBe(202);
    const shown = await lab.get(`/units/${deviceId}`, after(asked));
    expect(shown.body).toMatchObject({
      ...{ name: 'bench-pi', openDetections: [asked.body['requestId']], detected: null },
    });
    await lab.post(`/units/${deviceId}/rename`, { name: 'bench-pi-2' });
    const retired = await lab.post(`/units/${deviceId}/retire`);
    const list = await lab.get('/units', { name: 'bench-pi-2', ...after(retired) });
    expect(itemsOf(list)).toMatchObject([{ id: deviceId, status: 'retired' }]);
    expect(itemsOf(await lab.get(`/units/${deviceId}/history`))).toHaveLength(4);
  });
});

describe('what a unit finds at its links', () => {
  it('is attached where the lab has it, and a candidate where it has not', async () => {
    const unitId = idOf(await lab.unit());
    const one = await lab.device({ serialNumber: 'F-1' });
    const { requestId } = (await lab.post(`/units/${unitId}/request-detection`)).body;
    const asked = String(requestId);
    const found = { type: 'cycler', manufacturer: 'wattrex', model: 'EPC', firmware: '' };
    const devices = ['F-1', 'F-2'].map((serialNumber, at) => ({
      ...{ ...found, serialNumber, linkName: `can0/${String(at)}` },
    }));
    const said = { type: 'detection', instruction: asked, requestId: asked, devices } as const;
    const meta = commandMeta({ commandId: asked, occurredAt: '2026-05-04T11:00:00.000Z' });
    await new UnitDetections(lab.api.log).take(unitId, said, meta);
    const visible = after(await lab.post(`/units/${unitId}/rename`, { name: 'seen' }));
    const path = `/units/${unitId}/detected-devices`;
    expect(itemsOf(await lab.get(path, visible))).toMatchObject([
      { serialNumber: 'F-1', linkName: 'can0/0', deviceId: idOf(one) },
      { serialNumber: 'F-2', firmware: null, deviceId: null },
    ]);
    const candidates = await lab.get(path, { registered: 'false', limit: '1' });
    expect(itemsOf(candidates)).toMatchObject([{ serialNumber: 'F-2' }]);
    expect((await lab.get(`/cycler-devices/${idOf(one)}`)).body).toMatchObject({
      attached: { unitId, linkName: 'can0/0' },
    });
    expect(codeOf(await lab.get('/units/none/detected-devices'))).toEqual([404, 'UNIT_UNKNOWN']);
  });
});

describe('a station', () => {
  it('has its devices to itself until it is reconfigured or retired, and keeps what it was', async () => {
    const [first, second] = [await lab.device(), await lab.device()];
    const own = await lab.station([first], { at: '2026-03-01T08:00:00+01:00' });
    expect(own.status).toBe(201);
    const kept = await lab.post(`/cycler-devices/${idOf(first)}/retire`);
    expect([codeOf(kept), kept.body['station_id']]).toEqual([
      ...[[409, 'CYCLER_DEVICE_AT_STATION'], idOf(own)],
    ]);
    const taken = await lab.station([first]);
    expect([codeOf(taken), taken.body['station_id'], taken.body['device_id']]).toEqual([
      ...[[409, 'STATION_DEVICE_TAKEN'], idOf(own), idOf(first)],
    ]);
    const path = `/stations/${idOf(own)}`;
    const unitId = idOf(await lab.unit());
    const measure = { name: 'temp', deviceId: idOf(second), channel: 'temp_body', unit: 'degC' };
    const changed = await lab.post(`${path}/reconfigure`, {
      ...{ unitId, location: 'Room 2', at: '2026-04-01T08:00:00Z', measures: [measure] },
      devices: [{ deviceId: idOf(second), role: 'power' }],
    });
    expect(changed.status).toBe(200);
    const next = await lab.station([first]);
    expect(next.status).toBe(201);
    const of = (at: string) => lab.get(`${path}/configurations`, { at, ...after(next) });
    expect(itemsOf(await of('2026-03-31T00:00:00Z'))).toMatchObject([
      {
        ...{ number: 1, location: '', since: '2026-03-01T07:00:00.000Z' },
        ...{ devices: [{ deviceId: idOf(first) }], until: '2026-04-01T08:00:00.000Z' },
      },
    ]);
    expect(itemsOf(await of('2026-04-01T08:00:00Z'))).toMatchObject([
      ...[{ number: 2, unitId, measures: [measure], until: null }],
    ]);
    const found = await lab.get('/stations', { deviceId: idOf(second) });
    expect(itemsOf(found)).toMatchObject([{ id: idOf(own), configuration: 2 }]);
    const here = await lab.get('/cycler-devices', { stationId: idOf(own) });
    expect(itemsOf(here)).toMatchObject([{ id: idOf(second) }]);
    const retired = await lab.post(`${path}/retire`);
    expect((await lab.station([second])).status).toBe(201);
    const then = await lab.get(path, { asOf: `@${String(own.body['position'])}` });
    expect(then.body).toMatchObject({ status: 'inUse', configuration: 1 });
    expect((await lab.get(path, after(retired))).body).toMatchObject({ status: 'retired' });
    expect(itemsOf(await lab.get(`${path}/history`))).toMatchObject([
      ...[{ event: 'StationRegistered' }, { event: 'StationReconfigured' }],
      // Its former device went to another station.
      ...[{ event: 'KeyForfeited' }, { event: 'StationRetired' }, { event: 'KeyForfeited' }],
    ]);
    expect(codeOf(await lab.get('/stations/none/configurations'))).toEqual([
      404,
      'STATION_UNKNOWN',
    ]);
  });

  it('consists of a unit and devices that are there and in use', async () => {
    const gone = await lab.device();
    await lab.post(`/cycler-devices/${idOf(gone)}/retire`);
    expect(codeOf(await lab.station([gone]))).toEqual([409, 'CYCLER_DEVICE_RETIRED']);
    const one = await lab.device();
    const nowhere = await lab.station([one], { unitId: idOf(one) });
    expect(codeOf(nowhere)).toEqual([404, 'UNIT_UNKNOWN']);
    const twice = await lab.station([one, one]);
    expect([codeOf(twice), pointersOf(twice)]).toEqual([
      ...[[422, 'STATION_INVALID'], ['/devices/1/deviceId']],
    ]);
  });
});
