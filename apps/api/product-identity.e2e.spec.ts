import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { experiments } from '#projections/experiments/experiments.projection.js';
import {
  after,
  codeOf,
  fresh,
  idOf,
  itemsOf,
  LabApi,
} from '#projections/lab-things/lab-api.fixture.js';

import type { Answer } from './api.fixture.js';

let lab: LabApi;
beforeAll(async () => {
  lab = await LabApi.start();
  await lab.api.project(experiments);
}, 60_000);
afterAll(() => lab.stop());

const reason = 'notice of the agency';
let codes = 0;
const maker = async (name = fresh('Maker'), code?: string | null): Promise<string> => {
  codes += 1;
  const made = await lab.post('/manufacturers', {
    ...{ name, reason, code: code === undefined ? `C${String(codes).padStart(3, '0')}` : code },
  });
  expect(made.status).toBe(201);
  return idOf(made);
};
const register = (manufacturer: string, model: string, more = ''): Promise<Answer> =>
  lab.post(`/products${more}`, { type: 'ProdBattery', manufacturer, model, reason });
const change = (product: string, verb: string, body: object = {}): Promise<Answer> =>
  lab.post(`/products/${product}/${verb}`, { reason, ...body });

/** What happened, and to whom where not to the product itself, page by page. */
const storyOf = async (path: string): Promise<readonly (readonly string[])[]> => {
  const story: string[][] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const asked = `/v1${path}${path.includes('?') ? '&' : '?'}limit=2`;
    const page: Answer = await lab.api.ask(cursor === '' ? asked : `${asked}&cursor=${cursor}`);
    for (const { event, of } of itemsOf(page) as readonly { event: string; of?: string }[])
      story.push(of === undefined ? [event] : [event, of]);
    cursor = page.body['nextCursor'] as string | null;
  }
  return story;
};

describe('a product over HTTP', () => {
  it('is transferred and renamed, and stays itself', async () => {
    const [from, to] = [await maker(), await maker()];
    const id = idOf(await register(from, 'T-1'));
    const fromCode = `C${String(codes - 1).padStart(3, '0')}-T_1`;
    const transferred = await change(id, 'transfer', { manufacturer: to, from: '2025-07-01' });
    expect([transferred.status, transferred.body]).toEqual([
      200,
      { id, revision: 2, position: expect.any(String) as unknown },
    ]);
    const renamed = await change(fromCode, 'rename-model', { model: 'T-1a' });
    expect(renamed.body).toMatchObject({ id, revision: 4 });

    const now = await lab.get(`/products/${fromCode}`, after(renamed));
    expect(now.body).toMatchObject({
      id,
      model: 'T-1a',
      manufacturer: { id: to },
      formerly: [
        { manufacturerId: from, model: 'T-1', until: '2025-07-01' },
        { manufacturerId: to, model: 'T-1', until: null },
      ],
    });
    const then = await lab.get(`/products/${id}`, {
      asOf: '@' + String(transferred.body['position']),
    });
    expect(then.body).toMatchObject({ model: 'T-1', manufacturer: { id: to } });
    const history = await lab.get(`/products/${id}/history`);
    expect(itemsOf(history).map(({ event }) => event)).toEqual([
      ...['ProductRegistered', 'ProductTransferred', 'ProdCodeAssigned'],
      ...['ModelRenamed', 'ProdCodeAssigned'],
    ]);
    expect(itemsOf(history)[1]).toMatchObject({
      reason,
      changes: expect.arrayContaining([{ path: '/manufacturer/id', from, to }]) as unknown,
    });
    expect(codeOf(await register(from, 'T-1'))).toEqual([409, 'PRODUCT_EXISTS']);
  });

  it('is merged and split, and what names it goes on leading to it', async () => {
    const [one, other] = [await maker(), await maker()];
    const survivor = idOf(await register(one, 'M-1'));
    const duplicate = idOf(await register(other, 'M-1'));
    const certified = await change(duplicate, 'record-certification', {
      ...{ agency: 'CSA Group', standard: 'UL1973', certificateDate: '2025-01-01' },
    });
    await lab.get('/products', after(certified));
    const battery = await lab.battery({ productId: duplicate });
    expect(battery.status).toBe(201);

    const merged = await change(duplicate, 'merge', { into: survivor });
    expect([merged.status, merged.body]).toEqual([200, expect.objectContaining({ id: duplicate })]);
    for (const named of [duplicate, survivor]) {
      expect((await lab.get(`/products/${named}`, after(merged))).body).toMatchObject({
        id: survivor,
        merged: [{ id: duplicate, model: 'M-1', manufacturerId: other }],
        certifications: [{ agency: 'CSA Group' }],
      });
      const batteries = itemsOf(await lab.get(`/products/${named}/batteries`));
      expect(batteries.map(({ id }) => id)).toEqual([idOf(battery)]);
      expect((await lab.get(`/products/${named}/experiments`)).status).toBe(200);
    }
    const history = [['ProductRegistered'], ['ProductRegistered', duplicate]].concat([
      ...[['CertificationRecorded', duplicate], ['MergerPrepared'], ['ProductMerged', duplicate]],
      ['ProductAbsorbed'],
    ]);
    expect(await storyOf(`/products/${survivor}/history`)).toEqual(history);
    expect(await storyOf(`/products/${survivor}/history?order=desc`)).toEqual(history.toReversed());
    const listed = async () =>
      itemsOf(await lab.get('/products', { q: 'm-1' })).map(({ id }) => id);
    expect(await listed()).toEqual([survivor]);
    const csv = await lab.api.raw('/v1/products?q=m-1&format=csv');
    expect((await csv.text()).trim().split('\r\n')).toHaveLength(2);
    expect((await lab.get(`/manufacturers/${other}`)).body).toMatchObject({ products: 0 });
    const refused = await change(duplicate, 'withdraw-listing', { agency: 'CEC' });
    expect([refused.status, refused.body]).toEqual([
      409,
      expect.objectContaining({ code: 'PRODUCT_MERGED', into: survivor }),
    ]);
    const before = { asOf: '@' + String(certified.body['position']) };
    expect((await lab.get(`/products/${duplicate}`, before)).body).toMatchObject({ id: duplicate });
    const past = { asOf: '@' + String(merged.body['position']) };
    expect((await lab.get(`/products/${duplicate}`, past)).body).toMatchObject({ id: survivor });

    const split = await change(duplicate, 'split');
    expect((await lab.get(`/products/${duplicate}`, after(split))).body).toMatchObject({
      id: duplicate,
      certifications: [{ agency: 'CSA Group' }],
    });
    expect((await lab.get(`/products/${survivor}`)).body).toMatchObject({
      certifications: [],
      merged: [],
    });
    expect(await listed()).toHaveLength(2);
    expect(codeOf(await change(duplicate, 'merge', { into: 'NO-SUCH_CODE' }))).toEqual([
      422,
      'PRODUCT_UNKNOWN',
    ]);
  });
});

describe('a registration of what resembles something', () => {
  it('of a manufacturer names it, and is refused where it is to be strict', async () => {
    const known = await lab.post('/manufacturers', { name: 'frient A/S', code: null, reason });
    expect(known.body).toMatchObject({ resembles: [] });
    await lab.get('/manufacturers', after(known));
    const one = { id: idOf(known), name: 'frient A/S', code: null };
    const strict = await lab.post('/manufacturers?strict=true', { name: 'Frient', reason });
    expect([strict.status, strict.body]).toEqual([
      409,
      expect.objectContaining({ code: 'MANUFACTURER_RESEMBLES', resembles: [one] }),
    ]);
    const made = await lab.post('/manufacturers', { name: 'Frient', code: null, reason });
    expect([made.status, made.body]).toEqual([201, expect.objectContaining({ resembles: [one] })]);
    const again = await lab.post('/manufacturers?strict=true', { name: 'Some other', reason });
    expect([again.status, again.body]).toEqual([201, expect.objectContaining({ resembles: [] })]);
    const stray = await lab.post('/manufacturers?strict=maybe', { name: 'Another', reason });
    expect(codeOf(stray)).toEqual([400, 'QUERY_INVALID']);
  });

  it('of a product names it under its manufacturer, or one that resembles it', async () => {
    const [own, alike, other] = [
      await maker('Cedar Cells Inc.'),
      await maker('Cedar Cells'),
      await maker(),
    ];
    const known = await register(own, 'CC-100');
    await lab.get('/products', after(known));
    expect(codeOf(await register(own, 'cc–100', '?strict=true'))).toEqual([
      409,
      'PRODUCT_RESEMBLES',
    ]);
    for (const [manufacturer, model] of [
      [own, 'cc–100'],
      [alike, 'CC-100'],
    ] as const) {
      const made = await register(manufacturer, model);
      expect([made.status, made.body]).toEqual([
        201,
        expect.objectContaining({
          resembles: [
            expect.objectContaining({
              ...{ id: idOf(known), model: 'CC-100' },
              manufacturer: { id: own, name: 'Cedar Cells Inc.' },
            }),
          ],
        }),
      ]);
      const merged = await change(idOf(made), 'merge', { into: idOf(known) });
      await lab.get('/products', after(merged));
    }
    expect((await register(other, 'CC-100')).body).toMatchObject({ resembles: [] });
  });
});
