import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Answer, TestApi } from '#apps/api/api.fixture.js';
import { configurationHash } from '#telemetry/configuration/configuration-hash.js';
import { fitsVerifier } from '#telemetry/credential/verifier.js';

import { eventClock } from '../event-clock/event-clock.projection.js';
import { devices } from './devices.projection.js';

import 'reflect-metadata';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.start();
  await api.project(devices, eventClock);
}, 60_000);
afterAll(() => api.stop());

const post = (path: string, body: object = {}, key?: string): Promise<Answer> =>
  api.ask(`/v1${path}`, {
    json: body,
    ...(key !== undefined && { headers: { 'idempotency-key': key } }),
  });
const get = (path: string, { body }: Answer, query = ''): Promise<Answer> =>
  api.ask(`/v1${path}?after=${String(body['position'])}${query}`);
const idOf = ({ body }: Answer): string => String(body['id']);
const codeOf = ({ body }: Answer): unknown => body['code'];

let houses = 0;
const house = async (): Promise<string> => {
  houses += 1;
  const name = `house-${String(houses)}`;
  return idOf(await post('/sites', { name, timeZone: 'Europe/Brussels' }));
};
const meterAt = async (siteId: string, name = 'meter') =>
  post('/devices', { type: 'egauge', siteId, name, at: '2026-03-01T00:00:00Z' });

describe('a site', () => {
  it('has a name of its own, which is free again after a rename, and a zone that exists', async () => {
    const first = await post('/sites', { name: 'Mill', timeZone: 'UTC' });
    expect(first.status).toBe(201);
    const same = await post('/sites', { name: ' mill', timeZone: 'UTC' });
    expect([same.status, codeOf(same), same.body['site_id']]).toEqual([
      ...[409, 'SITE_NAME_TAKEN', idOf(first)],
    ]);
    await post(`/sites/${idOf(first)}/rename`, { name: 'Old mill' });
    const second = await post('/sites', { name: 'Mill', timeZone: 'UTC' });
    expect(second.status).toBe(201);
    const back = await post(`/sites/${idOf(first)}/rename`, { name: 'MILL' });
    expect(codeOf(back)).toBe('SITE_NAME_TAKEN');
    const nowhere = await post('/sites', { name: 'Moon', timeZone: 'Moon/Tranquility' });
    expect([nowhere.status, codeOf(nowhere)]).toEqual([400, 'TIME_ZONE_INVALID']);

    expect((await get(`/sites/${idOf(first)}`, second)).body).toEqual({
      ...{ id: idOf(first), name: 'Old mill', timeZone: 'UTC', description: '' },
      ...{ status: 'inUse', revision: 2 },
    });
    const then = await get(
      `/sites/${idOf(first)}`,
      second,
      `&asOf=@${String(first.body['position'])}`,
    );
    expect(then.body).toMatchObject({ name: 'Mill', revision: 0 });
    const history = await get(`/sites/${idOf(first)}/history`, second);
    expect(history.body['items']).toMatchObject([
      { event: 'SiteRegistered' },
      { event: 'SiteRenamed' },
      // Its former name went to another site.
      { event: 'KeyForfeited' },
    ]);
  });
});

describe('a device', () => {
  it('passes its name on when it leaves a site, and its history stays', async () => {
    const [here, there] = [await house(), await house()];
    const first = await meterAt(here);
    expect(first.status).toBe(201);
    expect(codeOf(await meterAt(here))).toBe('DEVICE_NAME_TAKEN');
    expect((await meterAt(there)).status).toBe(201);
    await post(`/devices/${idOf(first)}/detach`, { at: '2026-04-01T00:00:00Z' });
    const second = await meterAt(here);
    expect(second.status).toBe(201);
    const place = { siteId: here, name: 'meter' };
    expect(codeOf(await post(`/devices/${idOf(first)}/attach`, place))).toBe('DEVICE_NAME_TAKEN');
    const attached = await post(`/devices/${idOf(first)}/attach`, { ...place, name: 'spare' });
    expect(attached.status).toBe(200);

    const places = await get(`/devices/${idOf(first)}/attachments`, attached);
    expect(places.body['items']).toEqual([
      {
        ...{ siteId: here, name: 'meter', attachedAt: '2026-03-01T00:00:00.000Z' },
        detachedAt: '2026-04-01T00:00:00.000Z',
      },
      { siteId: here, name: 'spare', attachedAt: expect.any(String), detachedAt: null },
    ]);
    const atHouse = await get('/devices', attached, `&siteId=${here}`);
    expect(atHouse.body['items']).toMatchObject([
      { id: idOf(second), name: 'meter' },
      { id: idOf(first), name: 'spare' },
    ]);
  });

  it('keeps its serial number to itself until it is retired, and sends nothing then', async () => {
    const meter = { type: 'egauge', serialNumber: 'EG-4071' };
    const first = await post('/devices', meter);
    expect(codeOf(await post('/devices', meter))).toBe('SERIAL_NUMBER_TAKEN');
    expect((await post('/devices', { ...meter, type: 'inverter' })).status).toBe(201);
    const samples = { t0: '2026-05-04T11:00:00Z', dt: 1000, series: { a: { values: [1] } } };
    expect((await post(`/devices/${idOf(first)}/samples`, samples)).status).toBe(200);
    await post(`/devices/${idOf(first)}/retire`);
    const refused = await post(`/devices/${idOf(first)}/samples`, samples);
    expect([refused.status, codeOf(refused)]).toEqual([409, 'DEVICE_RETIRED']);
    const unknown = await post(`/devices/${idOf(first).replace(/.$/, 'x')}/samples`, samples);
    expect([unknown.status, codeOf(unknown)]).toEqual([404, 'DEVICE_UNKNOWN']);
    expect((await post('/devices', meter)).status).toBe(201);
  });
});

describe('a credential', () => {
  it('is shown once, and a broker is told of live ones of devices in use', async () => {
    const device = idOf(await meterAt(await house()));
    const first = await post(`/devices/${device}/issue-credential`, {}, 'k1');
    expect([first.status, first.headers.get('command-outcome')]).toEqual([201, 'accepted']);
    const again = await post(`/devices/${device}/issue-credential`, {}, 'k1');
    expect(again.status).toBe(200);
    expect(again.body).toMatchObject({ credential: first.body['credential'] });
    expect(again.body).not.toHaveProperty('secret');
    const second = await post(`/devices/${device}/issue-credential`);
    expect(codeOf(await post(`/devices/${device}/issue-credential`))).toBe('TOO_MANY_CREDENTIALS');

    const { credential } = first.body;
    const verifierOf = async (user: unknown, after: Answer) => {
      const files = (await get('/device-credentials/broker-files', after)).body;
      const found = String(files['passwords'])
        .split('\n')
        .find((l) => l.startsWith(`${String(user)}:`));
      return found?.slice(found.indexOf(':') + 1) ?? '';
    };
    expect(fitsVerifier(String(first.body['secret']), await verifierOf(credential, second))).toBe(
      true,
    );
    expect(fitsVerifier(String(second.body['secret']), await verifierOf(device, second))).toBe(
      true,
    );
    const listed = await get('/device-credentials', second, `&deviceId=${device}`);
    expect(listed.body['items']).toHaveLength(2);
    expect(JSON.stringify(listed.body)).not.toContain('$7$');

    const revoked = await post(`/devices/${device}/revoke-credential`, { credential });
    expect(await verifierOf(credential, revoked)).toBe('');
    const retired = await post(`/devices/${device}/retire`);
    expect(await verifierOf(device, retired)).toBe('');

    const { key } = await api.newKey('engineer');
    const files = await api.ask('/v1/device-credentials/broker-files', { key });
    expect(files.status).toBe(403);
  });
});

describe('a configuration', () => {
  it('is desired version by version, holds no secret, and drifts until it is reported', async () => {
    const device = idOf(await meterAt(await house()));
    const configure = (configuration: object) =>
      post(`/devices/${device}/configure`, { configuration });
    const plain = await configure({ meters: [{ apiKey: 'abc' }], pollSeconds: 4 });
    expect([plain.status, codeOf(plain)]).toEqual([422, 'CONFIGURATION_HOLDS_SECRET']);
    expect(plain.body['errors']).toMatchObject([{ pointer: '/configuration/meters/0/apiKey' }]);
    await configure({ pollSeconds: 4 });
    const desired = { pollSeconds: 5, token: { $secret: 'meter' } };
    const done = await configure(desired);
    const same = await configure({ token: { $secret: 'meter' }, pollSeconds: 5 });
    expect(same.headers.get('command-outcome')).toBe('unchanged');
    expect(configurationHash(desired)).toMatch(/^[0-9a-f]{64}$/);
    const found = await get(`/device-configurations/${device}`, done);
    expect(found.body).toMatchObject({ desiredVersion: 2, desired, reported: null, inDrift: true });
    const shown = await get(`/devices/${device}`, done);
    expect(shown.body['configuration']).toEqual({
      ...{ desiredVersion: 2, reportedVersion: null, inDrift: true },
    });
  });
});

describe('a series', () => {
  it('is declared and kept for as long as is said', async () => {
    const device = idOf(await meterAt(await house()));
    const declared = await post(`/devices/${device}/declare-series`, {
      ...{ series: 'A.Solar', valueType: 'number', unit: 'kW', low: 0, high: 40.5 },
    });
    expect(declared.status).toBe(200);
    const text = { series: 'A.Solar', valueType: 'text' };
    expect(codeOf(await post(`/devices/${device}/declare-series`, text))).toBe('SERIES_HAS_VALUES');
    const keep = { series: 'A.Solar', days: 400, reason: 'storage' };
    const kept = await post(`/devices/${device}/set-retention`, keep);
    const { body } = await get(`/devices/${device}/series`, kept);
    expect(body['items']).toEqual([
      {
        ...{ series: 'A.Solar', valueType: 'number', unit: 'kW', declared: true, kind: 'gauge' },
        ...{ interpolation: 'hold', intervalMs: null, rollOver: null, low: 0, high: 40.5 },
        retentionDays: 400,
      },
    ]);
    const unknown = await get('/devices/0a5f0f59-6a51-5f50-8a6e-9a0f6f3f7b11/series', kept);
    expect(unknown.status).toBe(404);
  });
});
