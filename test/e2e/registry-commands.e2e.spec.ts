import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { TestStandalone } from '#testing/standalone.js';
import { until } from '#testing/until.js';

const root = mkdtempSync(join(tmpdir(), 'voltrace-registry-'));
chmodSync(root, 0o755);
let voltrace: TestStandalone;

beforeAll(async () => {
  voltrace = await TestStandalone.start({ dataDir: join(root, 'data') });
});
afterAll(async () => {
  await voltrace.stop();
  rmSync(root, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

const answer = async (response: Response): Promise<Answer> => ({
  status: response.status,
  headers: response.headers,
  body: (await response.json()) as Record<string, unknown>,
});

const post = async (
  path: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<Answer> =>
  answer(
    await voltrace.fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    }),
  );

/** Comes back, as it is told to, for what the read model does not hold yet. */
const get = async (path: string): Promise<Answer> => {
  for (const deadline = Date.now() + 30_000; ;) {
    const read = await answer(await voltrace.fetch(path));
    if (read.body['code'] !== 'NOT_YET_VISIBLE' || Date.now() > deadline) return read;
  }
};

const reason = 'data sheet of January 2026';
const makeMaker = async (name = `Maker ${randomUUID()}`, more: object = {}): Promise<string> => {
  const { status, body } = await post('/v1/manufacturers', { name, reason, ...more });
  expect([status, body]).toEqual([201, expect.objectContaining({ revision: 1 })]);
  return String(body['id']);
};

const battery = (manufacturer: string, model: string) => ({
  type: 'ProdBattery',
  manufacturer,
  model,
  elements: { EnergyCapacityNominal: { value: '5.40', unit: 'kWh' } },
  reason,
});

describe('a product over HTTP', () => {
  it('is registered, corrected and read back as written', async () => {
    const code = randomUUID().slice(0, 6).toUpperCase();
    const maker = await makeMaker(undefined, { code });
    const made = await post('/v1/products', battery(maker, 'EFL- 48'));
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      id: expect.any(String) as unknown,
      revision: 1,
      position: expect.stringMatching(/^\d+$/) as unknown,
      resembles: [],
    });
    expect(made.headers.get('etag')).toBe('"1"');
    const set = await post(
      `/v1/products/${code}-EFL_48/set-elements`,
      { elements: { EnergyCapacityNominal: { value: '5.60', unit: 'kWh' } }, reason },
      { 'if-match': '"1"' },
    );
    expect([set.status, set.headers.get('etag')]).toEqual([200, '"2"']);
    const read = await get(`/v1/products/${code}-EFL_48?after=${String(set.body['position'])}`);
    expect(read.body).toMatchObject({
      id: made.body['id'],
      code: `${code}-EFL_48`,
      type: 'ProdBattery',
      manufacturer: { id: maker, code },
      model: 'EFL-48',
      elements: { EnergyCapacityNominal: { value: '5.60', unit: 'kWh', decimals: 2 } },
      revision: 2,
    });
  });

  it('answers a repeated request with its first result, and another body with 422', async () => {
    const maker = await makeMaker();
    const key = { 'idempotency-key': randomUUID() };
    const first = await post('/v1/products', battery(maker, 'R-1'), key);
    const again = await post('/v1/products', battery(maker, 'R-1'), key);
    expect(again.body).toEqual(first.body);
    const other = await post('/v1/products', battery(maker, 'R-2'), key);
    expect([other.status, other.body['code']]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
  });

  it('carries certifications and listings', async () => {
    const maker = await makeMaker();
    const { body } = await post('/v1/products', battery(maker, 'C-1'));
    const path = `/v1/products/${String(body['id'])}`;
    const certificate = { agency: 'UL', standard: 'UL1973', reason };
    await post(`${path}/record-certification`, { ...certificate, certificateDate: '2022-02-02' });
    await post(`${path}/record-certification`, { ...certificate, certificateDate: '2025-02-02' });
    const listing = { agency: 'CEC', listingDate: '2025-02-11', reason };
    await post(`${path}/publish-listing`, listing);
    const last = await post(`${path}/withdraw-listing`, { agency: 'CEC', reason });
    const read = await get(`${path}?after=${String(last.body['position'])}`);
    expect(read.body).toMatchObject({
      certifications: [
        { certificateDate: '2022-02-02', supersededBy: expect.any(String) as unknown },
        { certificateDate: '2025-02-02', supersededBy: null },
      ],
      qualifications: [{ agency: 'CEC', listingDate: '2025-02-11', state: 'withdrawn' }],
    });
  });

  it('gets a new code with its maker’s, and keeps the old one as a name', async () => {
    const [old, next] = [randomUUID(), randomUUID()].map((id) => id.slice(0, 6).toUpperCase());
    const maker = await makeMaker(undefined, { code: old });
    const { body } = await post('/v1/products', battery(maker, 'N-1'));
    await post(`/v1/manufacturers/${maker}/issue-entity-code`, { code: next, reason });
    await until('it has its new code', async () => {
      const { body: now } = await get(`/v1/products/${String(body['id'])}`);
      return now['code'] === `${String(next)}-N_1`;
    });
    expect((await get(`/v1/products/${String(next)}-N_1`)).body['id']).toBe(body['id']);
    expect((await get(`/v1/products/${String(old)}-N_1`)).body['id']).toBe(body['id']);
  });

  it.each<[string, object, number, string]>([
    ['an unknown field', { colour: 'red' }, 400, '/colour'],
    ['no reason', { reason: undefined }, 400, '/reason'],
    ['a reason of blanks', { reason: '  ' }, 400, '/reason'],
    ['another type', { type: 'ProdToaster' }, 400, '/type'],
    ['an empty model', { model: '\u00a0' }, 400, '/model'],
    ['a NUL in a text', { model: 'a\0b' }, 400, '/model'],
    ['a list of elements', { elements: [] }, 400, '/elements'],
    ['evidence without a hash', { evidence: { file: 'x' } }, 400, '/evidence/sha256'],
    ['an unknown manufacturer', { manufacturer: 'Nobody' }, 422, '/manufacturer'],
    ['an unknown element', { elements: { Colour: { value: 'red' } } }, 422, '/elements/Colour'],
    [
      'a wrong unit',
      { elements: { EnergyCapacityNominal: { value: '1', unit: 'kW' } } },
      422,
      '/elements/EnergyCapacityNominal/unit',
    ],
    [
      'a number for a decimal',
      { elements: { EnergyCapacityNominal: { value: 1, unit: 'kWh' } } },
      422,
      '/elements/EnergyCapacityNominal/value',
    ],
  ])('is refused with %s, which is named', async (_, more, status, pointer) => {
    const refused = await post('/v1/products', { ...battery(await sharedMaker(), 'E'), ...more });
    expect(refused.status).toBe(status);
    const errors = refused.body['errors'] as readonly { pointer: string }[];
    expect(errors.map((error) => error.pointer)).toContain(pointer);
  });

  it('is not changed on a revision that is past, nor where it does not exist', async () => {
    const { body } = await post('/v1/products', battery(await makeMaker(), 'S-1'));
    const set = { elements: { ProdName: { value: 'Name' } }, reason };
    const path = `/v1/products/${String(body['id'])}/set-elements`;
    const stale = await post(path, set, { 'if-match': '"0"' });
    expect([stale.status, stale.body['code']]).toEqual([412, 'STALE_REVISION']);
    const unknown = await post(`/v1/products/${randomUUID()}/set-elements`, set);
    expect([unknown.status, unknown.body['code']]).toEqual([404, 'PRODUCT_UNKNOWN']);
    expect((await post('/v1/products/NO-CODE/set-elements', set)).status).toBe(404);
  });
});

let shared: Promise<string> | undefined;
const sharedMaker = (): Promise<string> => (shared ??= makeMaker());

describe('a manufacturer over HTTP', () => {
  it('gets names, and is merged into another', async () => {
    const name = `Alias ${randomUUID()}`;
    const [one, other] = [await makeMaker(), await makeMaker()];
    const named = await post(`/v1/manufacturers/${one}/add-alias`, { alias: name, reason });
    expect(named.status).toBe(200);
    const taken = await post(`/v1/manufacturers/${other}/add-alias`, { alias: name, reason });
    expect([taken.status, taken.body['code']]).toEqual([409, 'MANUFACTURER_NAME_TAKEN']);
    const merged = await post(`/v1/manufacturers/${one}/merge`, { into: other, reason });
    expect(merged.status).toBe(200);
    expect((await post('/v1/products', battery(name.toLowerCase(), 'M-1'))).status).toBe(201);
  });

  it('does not take a code that another has or had', async () => {
    const code = randomUUID().slice(0, 6).toUpperCase();
    await makeMaker(undefined, { code });
    const refused = await post('/v1/manufacturers', { name: randomUUID(), code, reason });
    expect([refused.status, refused.body['code']]).toEqual([409, 'ENTITY_CODE_TAKEN']);
    const wrong = await post('/v1/manufacturers', { name: randomUUID(), code: 'a b', reason });
    expect(wrong.status).toBe(400);
  });
});
