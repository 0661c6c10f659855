import { afterAll, beforeAll, expect, it } from 'vitest';

import { experiments } from '#projections/experiments/experiments.projection.js';
import {
  after,
  codeOf,
  fresh,
  idOf,
  itemsOf,
  LabApi,
} from '#projections/lab-things/lab-api.fixture.js';
import { catalog } from '#projections/product-catalog/product-catalog.projection.js';

import type { Answer } from './api.fixture.js';

let lab: LabApi;
let product: string;
beforeAll(async () => {
  lab = await LabApi.start();
  await lab.api.project(experiments);
  await lab.post('/manufacturers', { name: 'A123', reason: 'test' });
  const made = await lab.post('/products', {
    ...{ type: 'ProdBattery', manufacturer: 'A123', model: 'PACK', reason: 'test' },
    elements: {
      BatteryChemistryType: { value: 'LiFePO4' },
      EnergyCapacityNominal: { value: '10.24', unit: 'kWh' },
      VoltageDCNom: { value: '51.2', unit: 'V' },
      VoltageDCMin: { value: '44.8', unit: 'V' },
      VoltageDCMax: { value: '57.6', unit: 'V' },
      CurrentDCMax: { value: '100', unit: 'A' },
    },
  });
  product = idOf(made);
  await lab.get('/products', after(made));
  const code = `insert into ${catalog}.product_codes (code, product_id) values ($1, $2)`;
  await lab.api.store.pool.query(code, ['A1-PACK', product]);
}, 60_000);
afterAll(() => lab.stop());

const queue = async (battery: Answer): Promise<Answer> => {
  const station = await lab.station([
    await lab.device({
      ranges: { voltageV: { min: 0, max: 100 }, currentA: { min: -200, max: 200 } },
    }),
  ]);
  const program = { steps: [{ do: 'rest', until: [{ timeS: 60 }] }] };
  const profile = await lab.post('/profiles', { name: fresh('rest'), program });
  return lab.post('/experiments', {
    ...{ name: fresh('test'), batteryId: idOf(battery) },
    ...{ stationId: idOf(station), profileId: idOf(profile) },
  });
};

interface Product {
  readonly links: Readonly<Record<string, string>>;
}

it('proposes a battery of a product, which is confirmed by its registration, and lists what was done with it', async () => {
  const proposed = await lab.get('/products/a1-pack/battery-proposal');
  expect(proposed.body).toMatchObject({
    productId: product,
    battery: {
      ...{ manufacturer: 'A123', model: 'PACK', technology: 'lithium', chemistry: 'LFP' },
      ...{ nominalCapacityAh: 200, cellsInSeries: 16 },
      limits: { voltageV: { min: 44.8, max: 57.6 }, currentA: { min: -100, max: 100 } },
    },
    open: [
      {
        pointer: '/limits/temperatureC',
        reason:
          'the registry does not state TemperatureMinimumOperating and TemperatureMaximumOperating',
      },
    ],
  });
  const found = proposed.body['battery'] as { readonly limits: object };
  const confirm = (limits: object) =>
    lab.battery({ ...found, productId: 'A1-PACK', limits: { ...found.limits, ...limits } });
  expect(codeOf(await confirm({}))).toEqual([400, 'BODY_INVALID']);
  const battery = await confirm({ temperatureC: { min: 0, max: 50 } });
  expect(battery.status).toBe(201);
  const [own, other] = [await queue(battery), await queue(await lab.battery())];
  expect([own.status, other.status], JSON.stringify(own.body)).toEqual([201, 201]);
  const idsOf = async (path: string, query: Readonly<Record<string, string>> = {}) =>
    itemsOf(await lab.get(path, { ...query, ...after(other) })).map(({ id }) => id);
  for (const named of [product, 'a1-pack']) {
    expect(await idsOf(`/products/${named}/batteries`)).toEqual([idOf(battery)]);
    expect(await idsOf(`/products/${named}/experiments`)).toEqual([idOf(own)]);
  }
  const { links } = (await lab.get('/products/a1-pack')).body as unknown as Product;
  for (const [name, id] of [
    ['batteries', idOf(battery)],
    ['experiments', idOf(own)],
  ] as const) {
    expect(await idsOf((links[name] ?? '').replace('/v1', ''))).toEqual([id]);
  }
  expect(await idsOf('/products/a1-pack/experiments', { status: 'running' })).toEqual([]);
  expect(await idsOf('/experiments', { chemistry: 'LFP' })).toEqual([idOf(other), idOf(own)]);
  expect(await idsOf('/experiments', { technology: 'leadAcid' })).toEqual([]);
  expect(await idsOf('/experiments', { productId: product })).toEqual([idOf(own)]);
  const none = await lab.post(`/batteries/${idOf(battery)}/set-product`);
  expect(itemsOf(await lab.get('/experiments', { productId: product, ...after(none) }))).toEqual(
    [],
  );
  expect(itemsOf(await lab.get('/products/a1-pack/experiments', after(none)))).toEqual([]);
});

it('knows no battery of a product that is none', async () => {
  for (const what of ['battery-proposal', 'batteries', 'experiments']) {
    expect(codeOf(await lab.get(`/products/nothing/${what}`))).toEqual([404, 'PRODUCT_UNKNOWN']);
  }
});
