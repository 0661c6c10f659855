import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Operation, readOperations } from '#test/fuzz/document.js';
import { until } from '#testing/until.js';

import { type Answer, TestApi } from './api.fixture.js';
import { experimentsOf } from './documented-experiments.fixture.js';

const documented = readOperations('docs/openapi.json').filter(({ body }) => body !== undefined);

let api: TestApi;
/** Ids of things that exist, by the beginning of the path that names them. */
const ids: Record<string, string> = {};
/** What stands in place of the ids that examples make up, by member. */
const real: Record<string, string | number> = {};

/** What the set-up made may be sent again: it is the same request. */
const sameKey = { 'idempotency-key': 'example' };

/** What must be asked besides the body. */
const queries: Readonly<Record<string, string>> = { '/v1/cycler-files': 'name=cell-33.csv' };

/** Sends the documented example of an operation, to a thing that exists. */
const send = async ({ method, path, body }: Operation): Promise<Answer> => {
  const target = path.replace(/\{(\w+)\}/g, (_, name: string, at: number) => {
    const collection = path.slice(0, at - 1);
    return ids[collection] ?? ids[name] ?? 'unknown';
  });
  if (typeof body?.example === 'string') {
    const headers = { ...sameKey, 'content-type': body.type };
    return api.ask(`${target}?${queries[path] ?? 'kind=manufacturers'}`, {
      method,
      body: body.example,
      headers,
    });
  }
  const json = withRealParts({
    ...(body?.example as object),
    ...existing(body?.example as object),
  });
  return api.ask(target, { method, json, headers: sameKey });
};

const existing = (example: object): object =>
  Object.fromEntries(Object.entries(real).filter(([name]) => name in example));

/** Ids that examples make up below their members, and those of things that exist. */
const parts = new Map<string, string>();

const withRealParts = (example: object): object =>
  JSON.parse(
    [...parts].reduce(
      (text, [made, found]) => text.replaceAll(made, found),
      JSON.stringify(example),
    ),
  ) as object;

const sendTo = (path: string): Promise<Answer> => {
  const operation = documented.find((each) => each.path === path && each.method === 'POST');
  if (!operation) throw new Error(`${path} has no documented body`);
  return send(operation);
};

/** Answers the id of what the statement inserts. */
const insert = async (statement: string): Promise<string> => {
  const { rows } = await api.store.pool.query<{ id: string }>(`${statement} returning *`);
  return rows[0]?.id ?? '';
};

const certifications = async (): Promise<readonly string[]> => {
  for (const standard of ['UL1973', 'UL9540A']) {
    const json = { agency: 'CSA Group', standard, reason: 'test' };
    const path = `/v1/products/${ids['/v1/products'] ?? ''}/record-certification`;
    expect((await api.ask(path, { json })).status).toBe(200);
  }
  const recorded = await (await api.raw('/v1/events?type=CertificationRecorded')).text();
  return [...recorded.matchAll(/"certificationId":"([^"]+)"/g)].map(([, id]) => String(id));
};

/** A site with a device, and a series of it, as the examples name them. */
const newSite = async (): Promise<void> => {
  const post = async (path: string, json: object): Promise<string> => {
    const { status, body } = await api.ask(path, { json: { ...json, reason: 'test' } });
    if (status > 201) throw new Error(`${path}: ${JSON.stringify(body)}`);
    return String(body['id']);
  };
  const site = await post('/v1/sites', { name: randomUUID(), timeZone: 'Europe/Brussels' });
  // Before the examples let it move or leave.
  const at = { siteId: site, name: 'egauge', at: '2026-01-01T00:00:00Z' };
  const device = await post('/v1/devices', { type: 'egauge', ...at });
  const series = { series: 'A.Solar', valueType: 'number', unit: 'kW' };
  await post(`/v1/devices/${device}/declare-series`, series);
  Object.assign(ids, { '/v1/sites': site, '/v1/devices': device });
  real['siteId'] = site;
};

/** What a lab has, with a unit and a device that the examples of stations name. */
const newLab = async (): Promise<void> => {
  const link = { type: 'cycler-unit', reason: 'test' };
  parts.set(unitOfExamples, String((await api.ask('/v1/devices', { json: link })).body['id']));
  for (const kind of ['batteries', 'cycler-devices', 'units', 'profiles', 'stations']) {
    const path = `/v1/${kind}`;
    ids[path] = String((await sendTo(path)).body['id']);
    if (kind === 'cycler-devices') parts.set(deviceOfExamples, ids[path]);
    if (kind === 'batteries') parts.set('3a8f1f36-5b0e-5a35-8c6b-7f6b5b6f9b01', ids[path]);
    if (kind === 'stations') parts.set('5f2a3f0e-9a93-5f5c-8a43-1f0a3a0f7c55', ids[path]);
    if (kind === 'profiles') parts.set('9c3f2f51-96e2-5a77-9b5f-0d1c1e2f3a44', ids[path]);
  }
};
const unitOfExamples = '6d5c1c52-8b1e-5d5b-a0e4-5c7f4f3f1a10';
const deviceOfExamples = '2f0c6c3e-9f4b-5d0e-8a55-6a1b2c3d4e5f';

/** A message of the quarantine: a sample of a time that is none of ours. */
const newQuarantined = async (): Promise<void> => {
  const json = { rows: [{ t: '1970-01-01T00:00:00Z', values: { [randomUUID()]: 1 } }] };
  await api.ask(`/v1/devices/${ids['/v1/devices'] ?? ''}/samples`, { json });
  const kept = await (await api.raw('/v1/events?type=MessageQuarantined')).text();
  ids['/v1/quarantine'] = [...kept.matchAll(/"quarantine-([^"]+)"/g)].at(-1)?.[1] ?? '';
};

const parkedEvent = (): Promise<string> =>
  insert(
    `insert into subscription.parked (subscription, scope, event_id, key, type, revision,
       commit_position, prepare_position, record_offset, attempts, error)
     values ('event-clock', 'build-1', '${randomUUID()}', 'product-1', 'ElementsSet', 0, 1, 1, 1, 5, 'broken')`,
  );

beforeAll(async () => {
  api = await TestApi.start();
  ids['/v1/manufacturers'] = String((await sendTo('/v1/manufacturers')).body['id']);
  ids['/v1/products'] = String((await sendTo('/v1/products')).body['id']);
  ids['/v1/imports'] = String((await sendTo('/v1/imports')).body['id']);
  ids['/v1/api-keys'] = (await api.newKey('viewer')).id;
  ids['/v1/subscriptions'] = 'event-clock';
  ids['/v1/parked'] = await parkedEvent();
  await newSite();
  await newLab();
  ids['name'] = 'solar';
  const [certificationId = '', by = ''] = await certifications();
  Object.assign(real, { certificationId, by });
});
afterAll(async () => {
  await api.stop();
});

/** Another product, of which the next examples are. */
const otherProduct = async (): Promise<void> => {
  const manufacturer = ids['/v1/manufacturers'];
  const json = { type: 'ProdBattery', manufacturer, model: randomUUID(), reason: 'test' };
  ids['/v1/products'] = String((await api.ask('/v1/products', { json })).body['id']);
};

/** With a row that is rejected: else there is nothing to do again. */
const endedImport = async (): Promise<void> => {
  const body = `EntityCode,ProdMfr_Value__cleaned,ProdMfr_Value__cec\nno code,${randomUUID()},Ash Hill\n`;
  const headers = { 'content-type': 'text/csv' };
  const sent = await api.ask('/v1/imports?kind=manufacturers', { method: 'POST', body, headers });
  const path = `/v1/imports/${String(sent.body['id'])}`;
  ids['/v1/imports'] = String(sent.body['id']);
  await until('the import has ended', async () => {
    const { body: shown } = await api.ask(path);
    return shown['state'] === 'completed' || shown['state'] === 'failed';
  });
};

/** What cannot be asked of the things that were made first is asked of other ones. */
const prepare: Readonly<Record<string, () => Promise<void>>> = {
  '/v1/manufacturers/{id}/merge': async () => {
    const json = { name: 'Juniper Hill Energy', reason: 'test' };
    ids['/v1/manufacturers'] = String((await api.ask('/v1/manufacturers', { json })).body['id']);
  },
  '/v1/products/{id}/merge': otherProduct,
  '/v1/products/{id}/split': async () => {
    const into = ids['/v1/products'];
    await otherProduct();
    const path = `/v1/products/${ids['/v1/products'] ?? ''}/merge`;
    await api.ask(path, { json: { into, reason: 'test' } });
  },
  // Another one of that name may not be there.
  '/v1/devices': async () => {
    const json = { name: randomUUID(), timeZone: 'UTC', reason: 'test' };
    real['siteId'] = String((await api.ask('/v1/sites', { json })).body['id']);
  },
  '/v1/devices/{id}/attach': async () => {
    await newSite();
    const path = `/v1/devices/${ids['/v1/devices'] ?? ''}/detach`;
    await api.ask(path, { json: { at: '2026-01-02T00:00:00Z', reason: 'test' } });
  },
  '/v1/devices/{id}/detach': newSite,
  '/v1/devices/{id}/rename': newSite,
  '/v1/devices/{id}/set-retention': newSite,
  '/v1/devices/{id}/revoke-credential': async () => {
    const path = `/v1/devices/${ids['/v1/devices'] ?? ''}/issue-credential`;
    const { body } = await api.ask(path, { json: { reason: 'test' } });
    real['credential'] = String(body['credential']);
  },
  '/v1/sites/{id}/formulas/{name}/define': newSite,
  ...experimentsOf(() => api, ids),
  '/v1/quarantine/{id}/replay': newQuarantined,
  '/v1/quarantine/{id}/discard': newQuarantined,
  '/v1/subscriptions/{name}/reset': () => {
    // A projection is rebuilt instead.
    ids['/v1/subscriptions'] = 'registry-activity';
    return Promise.resolve();
  },
  '/v1/subscriptions/{name}/rebuild': () => {
    ids['/v1/subscriptions'] = 'event-clock';
    return Promise.resolve();
  },
  '/v1/subscriptions/{name}/drop': () => {
    // The first version is the one that runs.
    real['version'] = 2;
    return Promise.resolve();
  },
  '/v1/imports/{id}/cancel': async () => {
    // Cancelled already, so that it does not end before it is.
    const rows = Array.from({ length: 2_000 }, (_, n) => `C${String(n)},Elm ${String(n)},Elm\n`);
    const body = `EntityCode,ProdMfr_Value__cleaned,ProdMfr_Value__cec\n${rows.join('')}`;
    const headers = { 'content-type': 'text/csv' };
    const sent = await api.ask('/v1/imports?kind=manufacturers', { method: 'POST', body, headers });
    ids['/v1/imports'] = String(sent.body['id']);
    await api.ask(`/v1/imports/${String(sent.body['id'])}/cancel`, { method: 'POST' });
  },
  '/v1/imports/{id}/retry': endedImport,
  '/v1/imports/{id}/review': endedImport,
};

describe('a documented example', () => {
  it('stands with every body', () => {
    expect(documented.filter(({ body }) => body?.example === undefined)).toEqual([]);
    expect(documented.length).toBeGreaterThan(20);
  });

  // In the order of the document, but what takes things away last. A station has others.
  const last = (path: string): number => {
    if (!/\/(merge|retire|split)$/.test(path)) return 0;
    return path.startsWith('/v1/stations/') ? 1 : 2;
  };
  const cases = [...documented].sort((a, b) => last(a.path) - last(b.path));
  it.each(cases.map((operation) => [operation.path, operation] as const))(
    'is accepted by POST %s',
    async (path, operation) => {
      await prepare[path]?.();
      const { status, body } = await send(operation);
      expect([status, status < 300 ? {} : body]).toEqual([expect.any(Number), {}]);
      expect(operation.successes.has(status)).toBe(true);
    },
  );
});
