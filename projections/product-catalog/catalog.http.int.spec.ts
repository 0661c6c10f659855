import { randomUUID } from 'node:crypto';

import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Position } from '#event-log/event-log.js';
import { formatPosition } from '#event-log/position.js';
import { ResourceReader } from '#resource/reader.js';
import { ResourceApp } from '#resource/test/resource-app.js';
import { Fixture } from '#subscription/projection/test/fixture.js';
import { waitForPosition } from '#subscription/projection/wait-for-position.js';

import { apiKeyNames } from '../api-keys/api-keys.http.js';
import { eventClock } from '../event-clock/event-clock.projection.js';
import { ManufacturersController } from './manufacturers.http.js';
import { productCatalog } from './product-catalog.projection.js';
import { exportColumns } from './product-export.js';
import { ProductsController } from './products.http.js';
import { appendAll, decimal, idOf, Story, text } from './story.fixture.js';

let fixture: Fixture;
let app: ResourceApp;
let positions: readonly Position[];

const get: ResourceApp['get'] = (...asked) => app.get(...asked);
const at = (index: number): string =>
  formatPosition(positions.at(index) ?? { commit: 0n, prepare: 0n });

beforeAll(async () => {
  fixture = await Fixture.start();
  const reader = new ResourceReader(fixture.store, fixture.log, fixture.tail, apiKeyNames);
  app = await ResourceApp.start(reader, {
    controllers: [ProductsController, ManufacturersController],
  });
});
afterAll(async () => {
  await app.stop();
  await fixture.stop();
});

describe('the catalogue’s routes', () => {
  describe('once it is', () => {
    beforeAll(async () => {
      await fixture.runBuilt(eventClock, productCatalog);
      const story = new Story().maker('Alpha "A", Ltd.', 'ALPHA');
      story.battery('Smile\n5', 'Alpha "A", Ltd.', 'ALPHA-SMILE_5', {
        EnergyCapacityNominal: decimal('5.120', 'kWh'),
        EfficiencyBatteryRoundTrip: {
          state: 'submitted',
          value: [
            { percent: '95', inverter: 'One' },
            { percent: '96.5', inverter: 'Two' },
          ],
          unit: 'percent',
        },
      });
      story.battery('Other', 'Alpha "A", Ltd.', 'ALPHA-OTHER', {
        EnergyCapacityNominal: decimal('700', 'Wh'),
        EfficiencyBatteryRoundTrip: { state: 'unparsed', value: null, raw: '89 [Sanctuary 3' },
      });
      story.set('Other', { ProdName: text('=1+1') });
      positions = await appendAll(fixture.log, story.events);
      const last = positions.at(-1);
      if (!last) throw new Error('the story is empty');
      for (const projection of [eventClock, productCatalog]) {
        await waitForPosition(fixture.store, projection, last, { timeoutMs: 30_000 });
      }
    });

    it('answer with a product, its ETag and its position, by id and by code', async () => {
      const { status, body, headers } = await get(`/v1/products/alpha-smile_5?after=${at(-1)}`);
      expect(status).toBe(200);
      expect(headers['etag']).toBe('"1"');
      expect(body).toEqual({
        id: idOf('Smile\n5'),
        code: 'ALPHA-SMILE_5',
        type: 'ProdBattery',
        manufacturer: { id: idOf('Alpha "A", Ltd.'), name: 'Alpha "A", Ltd.', code: 'ALPHA' },
        model: 'Smile\n5',
        elements: {
          EfficiencyBatteryRoundTrip: {
            value: [
              { percent: '95', inverter: 'One' },
              { percent: '96.5', inverter: 'Two' },
            ],
            unit: 'percent',
          },
          EnergyCapacityNominal: { value: '5.120', unit: 'kWh' },
        },
        certifications: [],
        qualifications: [],
        warnings: [],
        formerly: [],
        merged: [],
        revision: 1,
        position: at(3),
        links: expect.any(Object) as object,
      });
      expect((await get(`/v1/products/${idOf('Smile\n5')}`)).body).toEqual(body);
    });

    it('answer as of a position, by a code that they have now', async () => {
      const then = await get(`/v1/products/ALPHA-OTHER?asOf=@${at(5)}`);
      expect(then.body).toMatchObject({ revision: 1, position: at(5) });
      expect(then.body['elements']).not.toHaveProperty('ProdName');
      const maker = await get(`/v1/manufacturers/ALPHA?asOf=@${at(0)}`);
      expect(maker.body).toMatchObject({ code: null, products: null, revision: 0 });
    });

    it('answer 404 for what does not exist', async () => {
      const paths = [randomUUID(), 'NO-CODE', `${randomUUID()}/history`, 'NO-CODE/history'];
      paths.push(`${randomUUID()}?asOf=@5`);
      for (const path of paths) {
        const { status, body } = await get(`/v1/products/${path}`);
        expect([status, body['code']]).toEqual([404, 'PRODUCT_UNKNOWN']);
        const maker = await get(`/v1/manufacturers/${path}`);
        expect([maker.status, maker.body['code']]).toEqual([404, 'MANUFACTURER_UNKNOWN']);
      }
    });

    it('refuse values that a product cannot have', async () => {
      for (const name of [
        'capacityMin=big',
        'type=ProdToaster',
        'chemistry=Magic',
        'sort=model2',
      ]) {
        const { status, body } = await get(`/v1/products?${name}`);
        expect(status).toBe(400);
        expect(body['errors']).toMatchObject([{ pointer: `?${name.split('=')[0] ?? ''}` }]);
      }
      expect((await get('/v1/manufacturers?asOf=@5')).status).toBe(400);
    });

    it('export every row as CSV with units in the column names', async () => {
      const csv = await get('/v1/products?format=csv&sort=model');
      expect(csv.headers['content-type']).toContain('text/csv');
      const [header = '', ...lines] = csv.text.trimEnd().split('\r\n');
      const names = header.split(',');
      expect(names).toEqual(exportColumns.map(({ name }) => name));
      const records = lines.map((line) => {
        const [cells = []] = parse(line);
        return Object.fromEntries(names.map((name, n) => [name, cells[n]]));
      });
      expect(records).toMatchObject([
        {
          manufacturer: 'Alpha "A", Ltd.',
          model: 'Other',
          EnergyCapacityNominal_kWh: '0.700',
          written_in_other_units: 'EnergyCapacityNominal: 700 Wh',
          unparsed: 'EfficiencyBatteryRoundTrip: 89 [Sanctuary 3',
          ProdName: "'=1+1",
        },
        {
          model: 'Smile\n5',
          EfficiencyBatteryRoundTrip_percent: '95 [One]; 96.5 [Two]',
          EnergyCapacityNominal_kWh: '5.120',
        },
      ]);
      const raw = await get('/v1/products?format=csv&sort=model&raw=true&bom=true');
      expect(raw.text).toContain(',=1+1,');
      const wrong = await get('/v1/products?format=ndjson&raw=true');
      expect(wrong.body['errors']).toMatchObject([{ pointer: '?raw' }]);
      expect((await get('/v1/products?sort=model', { accept: 'text/csv' })).text).toBe(csv.text);
    });

    it('export as NDJSON what the filter selects', async () => {
      const { text: lines, headers } = await get('/v1/products?format=ndjson&capacityMax=1');
      expect(headers['content-type']).toContain('application/x-ndjson');
      expect(JSON.parse(lines)).toMatchObject({
        code: 'ALPHA-OTHER',
        EnergyCapacityNominal_kWh: '0.700',
        revision: 2,
      });
    });

    it('answer with manufacturers and their histories', async () => {
      const list = await get('/v1/manufacturers?q=alpha');
      expect(list.body['items']).toMatchObject([{ code: 'ALPHA', products: 2 }]);
      const one = await get('/v1/manufacturers/alpha');
      expect(one.body).toMatchObject({ name: 'Alpha "A", Ltd.', revision: 1 });
      expect(one.headers['etag']).toBe('"1"');
      const history = await get('/v1/manufacturers/ALPHA/history?order=desc&limit=1');
      expect(history.body['items']).toMatchObject([
        { event: 'EntityCodeIssued', changes: [{ path: '/code', from: null, to: 'ALPHA' }, {}] },
      ]);
    });

    it('answer with a product’s history by code', async () => {
      const { body } = await get('/v1/products/ALPHA-OTHER/history');
      expect(body).toMatchObject({
        nextCursor: null,
        items: [
          { revision: 0, event: 'ProductRegistered' },
          { revision: 1, event: 'ElementsSet' },
          {
            revision: 2,
            event: 'ElementsSet',
            actor: { id: 'key-1', kind: 'apiKey', roles: ['curator'] },
            changes: [{ path: '/elements/ProdName/value', from: null, to: '=1+1' }],
          },
        ],
      });
    });
  });
});
