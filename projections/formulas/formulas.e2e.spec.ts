import { afterAll, beforeAll, expect, it } from 'vitest';

import { TestApi } from '#apps/api/api.fixture.js';

import { eventClock } from '../event-clock/event-clock.projection.js';
import { formulas } from './formulas.projection.js';

import 'reflect-metadata';

let api: TestApi;
let site: string;
beforeAll(async () => {
  api = await TestApi.start();
  await api.project(formulas, eventClock);
  const json = { name: 'house', timeZone: 'UTC' };
  site = String((await api.ask('/v1/sites', { json })).body['id']);
}, 60_000);
afterAll(() => api.stop());

type Item = Readonly<Record<string, unknown>>;

const change = async (name: string, verb: string, json: object): Promise<string> => {
  const { status, body } = await api.ask(`/v1/sites/${site}/formulas/${name}/${verb}`, { json });
  expect(status).toBe(200);
  return String(body['position']);
};

it('are listed as they are, by site and name, with who defined them and why', async () => {
  await change('one', 'define', { expression: '1 + 1', reason: 'first' });
  const then = await change('two', 'define', { expression: '2', unit: 'kW', description: 'Two' });
  await change('one', 'define', { expression: '3', reason: 'better' });
  const after = await change('two', 'withdraw', { reason: 'not used' });
  const { body } = await api.ask(`/v1/formulas?siteId=${site}&after=${after}`);
  const [two, one] = body['items'] as Item[];
  expect(two).toMatchObject({
    ...{ siteId: site, name: 'two', status: 'withdrawn', version: 1, expression: '2' },
    ...{ unit: 'kW', description: 'Two', reason: null, revision: 1 },
  });
  expect(one).toMatchObject({ name: 'one', status: 'inUse', version: 2, reason: 'better' });
  expect(one?.['definedBy']).toBe(two?.['definedBy']);
  const named = await api.ask(`/v1/formulas?siteId=${site}&name=one&status=inUse`);
  expect(named.body['items']).toEqual([one]);
  const past = await api.ask(`/v1/formulas/${String(one?.['id'])}?asOf=@${then}`);
  expect(past.body).toMatchObject({ name: 'one', version: 1, expression: '1 + 1', revision: 0 });
  const history = await api.ask(`/v1/formulas/${String(two?.['id'])}/history`);
  expect(history.body['items']).toMatchObject([
    { event: 'FormulaDefined' },
    { event: 'FormulaWithdrawn', reason: 'not used' },
  ]);
  const none = await api.ask('/v1/formulas/nothing');
  expect([none.status, none.body['code']]).toEqual([404, 'FORMULA_UNKNOWN']);
});
