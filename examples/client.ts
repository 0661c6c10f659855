// The tour of the README as a program. Its types are made from the OpenAPI document:
//   npx openapi-typescript docs/openapi.json -o examples/voltrace-api.d.ts
import { readFileSync } from 'node:fs';

import createClient from 'openapi-fetch';

import type { components, paths } from './voltrace-api.js';

type Problem = components['schemas']['Problem'];

const key = readFileSync('.voltrace/admin.key', 'utf8').trim();
const api = createClient<paths>({
  baseUrl: 'http://localhost:8080',
  headers: { authorization: `Bearer ${key}` },
});

/** What was answered, or the problem document as an error. */
const must = <T>({ data, error }: { data?: T; error?: Problem }): T => {
  if (data === undefined) throw new Error(`${error?.code ?? ''}: ${error?.detail ?? ''}`);
  return data;
};

const list = readFileSync('examples/battery-list.csv', 'utf8');
const { id } = must(
  await api.POST('/v1/imports', {
    params: { query: { kind: 'products', file: 'battery-list.csv', reason: 'the tour' } },
    headers: { 'content-type': 'text/csv' },
    body: list,
    bodySerializer: (text) => text,
  }),
) as { id: string };
console.log('import', id);

const { items } = must(await api.GET('/v1/products', { params: { query: { q: 'juniper' } } }));
const [first] = items;
if (!first) throw new Error('no product was found');

const { position } = must(
  await api.POST('/v1/products/{id}/set-elements', {
    params: { path: { id: first.id }, header: { 'If-Match': `"${String(first.revision)}"` } },
    body: {
      elements: { EnergyCapacityNominal: { value: '5.2', unit: 'kWh' } },
      reason: 'data sheet rev. C',
    },
  }),
);

const history = must(
  await api.GET('/v1/products/{idOrCode}/history', {
    params: { path: { idOrCode: first.id }, query: { after: position } },
  }),
);
for (const { event, recordedAt, reason } of history.items) console.log(recordedAt, event, reason);
