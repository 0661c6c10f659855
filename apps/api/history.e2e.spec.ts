import { afterAll, beforeAll, expect, it } from 'vitest';

import { eventClock } from '#projections/event-clock/event-clock.projection.js';
import { productCatalog } from '#projections/product-catalog/product-catalog.projection.js';

import { TestApi } from './api.fixture.js';

let api: TestApi;

beforeAll(async () => {
  api = await TestApi.start();
  await api.project(eventClock, productCatalog);
}, 60_000);
afterAll(() => api.stop());

const bodyOf = async (url: string): Promise<Readonly<Record<string, unknown>>> => {
  const answer = await fetch(url, { headers: { authorization: `Bearer ${api.admin}` } });
  return (await answer.json()) as Readonly<Record<string, unknown>>;
};

const energy = (value: number) => ({
  elements: { EnergyCapacityNominal: { value: String(value), unit: 'kWh' } },
  reason: 'test',
});

it('shows in every process what one of them has acknowledged, while others read', async () => {
  await api.ask('/v1/manufacturers', { json: { name: 'Acme', reason: 'test' } });
  const json = { type: 'ProdBattery', manufacturer: 'Acme', model: 'A-1', ...energy(0) };
  const { id } = (await api.ask('/v1/products', { json })).body;
  const path = `/v1/products/${String(id)}`;
  await api.limited({}, async (other) => {
    let acknowledged = 1;
    let isWriting = true;
    const read = async (url: string): Promise<void> => {
      while (isWriting) {
        const least = acknowledged;
        const { items } = await bodyOf(`${url}${path}/history?order=desc`);
        expect((items as unknown[]).length).toBeGreaterThanOrEqual(least);
      }
    };
    const change = async (n: number): Promise<void> => {
      const changed = await api.ask(`${path}/set-elements`, { json: energy(n) });
      acknowledged = n + 1;
      const { position, revision } = changed.body as { position: string; revision: number };
      const [history, then] = await Promise.all([
        bodyOf(`${other}${path}/history?order=desc&limit=1`),
        bodyOf(`${other}${path}?asOf=@${position}`),
      ]);
      expect(history).toMatchObject({ items: [{ position, revision }] });
      expect(then).toMatchObject({
        ...{ revision, position },
        elements: { EnergyCapacityNominal: { value: String(n) } },
      });
    };
    const write = async (): Promise<void> => {
      for (let n = 1; n <= 40; n += 1) await change(n);
    };
    const writing = write().finally(() => {
      isWriting = false;
    });
    await Promise.all([writing, ...[api.url, api.url, other, other].map(read)]);
  });
}, 60_000);
