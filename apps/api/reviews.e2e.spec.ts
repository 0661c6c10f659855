import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { imports } from '#projections/imports/imports.projection.js';
import { until } from '#testing/until.js';

import { type Answer, TestApi } from './api.fixture.js';

const header = 'Manufacturer,Model Number,Chemistry,Capacity (kWh),Discharge Rate (kW)';
const headers = { 'content-type': 'text/csv' };

let api: TestApi;
let [viewer, curator, later] = ['', '', ''];
const products: Record<string, string> = {};

const ended = (id: string) =>
  until('the run has ended', async () =>
    ['completed', 'failed'].includes(String((await api.ask(`/v1/imports/${id}`)).body['state'])),
  );
const imported = async (asOf: string, ...rows: readonly string[]): Promise<string> => {
  const path = `/v1/imports?kind=products&file=list.csv&asOf=${asOf}`;
  const sent = await api.ask(path, { headers, body: `${[header, ...rows].join('\n')}\n` });
  const id = String(sent.body['id']);
  await ended(id);
  return id;
};
const review = (json: object, key = curator, more: Record<string, string> = {}, id = later) =>
  api.ask(`/v1/imports/${id}/review`, { json, key, headers: more });

interface Item {
  readonly row: number | null;
  readonly kind: string;
  readonly productId: string | null;
  readonly model: string | null;
}
const listed = async (query = '', after = ''): Promise<readonly Item[]> => {
  const visible = after === '' ? String((await api.log.head())?.commit) : after;
  const { body } = await api.ask(`/v1/reviews?after=${visible}${query}`, { key: viewer });
  return body['items'] as readonly Item[];
};
const shown = (items: readonly Item[]) => items.map(({ row, kind, model }) => [row, kind, model]);

beforeAll(async () => {
  api = await TestApi.start();
  await api.project(imports);
  viewer = (await api.newKey('viewer')).key;
  curator = (await api.newKey('curator')).key;
  const models = ['A-1', 'A-2', 'A-3'].map((model) => `Alder,${model},LFP,5.4,2`);
  const earlier = await imported(
    '2026-01-10',
    ...models,
    'Birch,B-1,LFP,5.4,2',
    'Birch,B-2,LFP,5.4,2',
  );
  const { body } = await api.ask(`/v1/imports/${earlier}/rows`);
  for (const [n, model] of ['A-1', 'A-2', 'A-3', 'B-1', 'B-2'].entries()) {
    products[model] = String((body['items'] as { productId: string }[])[n]?.productId);
  }
  for (const model of ['A-1', 'A-2', 'A-3']) {
    const elements = { EnergyCapacityNominal: { value: '6', unit: 'kWh' } };
    const json = { elements, reason: 'data sheet' };
    await api.ask(`/v1/products/${String(products[model])}/set-elements`, { json });
  }
  const changed = ['A-1', 'A-2', 'A-3'].map((model) => `Alder,${model},LFP,5.5,2`);
  later = await imported('2026-02-10', ...changed, 'Cedar,C-1,Unheard Of,5.4,2');
});
afterAll(async () => {
  await api.stop();
});

describe('what waits in review', () => {
  const [one, two, three] = [1, 2, 3].map((row) => [row, 'conflict', `A-${String(row)}`]);
  const gone = [1, 2].map((n) => [null, 'gone', `B-${String(n)}`]);
  const other = [4, 'other', 'C-1'];

  it('is listed with what is known of it, and filtered', async () => {
    const all = await listed();
    expect(shown(all)).toEqual([one, two, three, other, ...gone]);
    expect(all[0]).toMatchObject({
      ...{ importId: later, productId: products['A-1'], manufacturer: 'Alder', proposal: null },
      conflicts: [{ path: '/elements/EnergyCapacityNominal', listed: { value: '5.5' } }],
      ...{ file: 'list.csv', asOf: '2026-02-10' },
    });
    expect(all.at(-1)).toMatchObject({ row: null, productId: products['B-2'], conflicts: [] });
    expect(shown(await listed('&kind=gone&manufacturer=%20bIRCH'))).toEqual(gone);
    expect(shown(await listed(`&import=${later}&product=${String(products['A-2'])}`))).toEqual([
      two,
    ]);
    expect(await listed(`&import=${randomUUID()}`)).toEqual([]);
    const rows = await api.ask(`/v1/imports/${later}/rows`);
    expect((rows.body['items'] as object[])[0]).toMatchObject({
      about: { manufacturer: 'Alder', model: 'A-1' },
      conflicts: [{ path: '/elements/EnergyCapacityNominal' }],
    });
    expect((await api.ask(`/v1/imports/${later}`)).body).toMatchObject({ waiting: 6 });
  });

  it('is listed by pages, the newest import first', async () => {
    const seen: Item[] = [];
    let cursor = '';
    do {
      const { body } = await api.ask(`/v1/reviews?limit=2${cursor}`);
      seen.push(...(body['items'] as Item[]));
      const next = body['nextCursor'] as string | null;
      cursor = next === null ? '' : `&cursor=${next}`;
    } while (cursor !== '');
    expect(shown(seen)).toEqual([one, two, three, other, ...gone]);
  });

  it.each([
    [{}, ''],
    [{ rows: [1], all: true }, ''],
    [{ rows: [1], reason: undefined }, '/reason'],
    [{ all: true, reason: undefined }, '/reason'],
    [{ rows: [1], limit: 3 }, '/limit'],
    [{ rows: [1], after: 'r1' }, '/after'],
    [{ all: true, after: 'q1' }, '/after'],
    [{ rows: [0] }, '/rows'],
    [{ rows: [4_294_967_297] }, '/rows'],
    [{ rows: Array.from({ length: 501 }, (_, n) => n + 1) }, '/rows'],
    [{ kind: 'other' }, '/kind'],
  ])('is not decided by what is no decision: case %#', async (body, pointer) => {
    const { status, body: refused } = await review({ decision: 'accept', reason: 'x', ...body });
    expect([status, refused['code']]).toEqual([400, 'BODY_INVALID']);
    expect((refused['errors'] as { pointer: string }[]).map((error) => error.pointer)).toContain(
      pointer,
    );
  });

  it('is decided by curators only, of an import that there is, as it is', async () => {
    const row = { decision: 'accept', rows: [1], reason: 'notice' };
    for (const role of ['viewer', 'engineer', 'operator', 'auditor', 'service']) {
      const { status, body } = await review(row, (await api.newKey(role)).key);
      expect([status, body['detail']]).toEqual([403, expect.stringContaining(' imports.review,')]);
    }
    expect((await review(row, curator, {}, randomUUID())).status).toBe(404);
    expect((await review(row, curator, { 'if-match': '"1"' })).status).toBe(412);
    expect(shown(await listed())).toHaveLength(6);
  });

  it('is gone from the list once it is decided, whoever sends it twice', async () => {
    const key = { 'idempotency-key': 'one-row' };
    const accepted = { decision: 'accept', rows: [1], reason: 'notice' };
    const first = await review(accepted, curator, key);
    expect(first).toMatchObject({
      status: 200,
      body: { id: later, decided: 1, refused: [], left: 0 },
    });
    const again = await review(accepted, curator, key);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('command-outcome')).toBe('repeated');
    expect(shown(await listed('', String(first.body['position'])))).not.toContainEqual(one);
    const reused = await review({ ...accepted, decision: 'reject' }, curator, key);
    expect([reused.status, reused.body['code']]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
  });

  it('is decided once where two curators decide at once', async () => {
    const asked = { rows: [2, 3], absent: [products['B-1']], reason: 'notice' };
    const answers = await Promise.all([
      review({ decision: 'accept', ...asked }),
      review({ decision: 'reject', ...asked }, (await api.newKey('curator')).key),
    ]);
    const counts = ({ body }: Answer) => [
      body['decided'],
      (body['refused'] as { row?: number; code: string }[]).map(({ row, code }) => [
        row ?? 'B-1',
        code,
      ]),
    ];
    const isOpen = [2, 3, 'B-1'].map((item) => [item, 'REVIEW_NOT_OPEN']);
    answers.sort((a, b) => Number(b.body['decided']) - Number(a.body['decided']));
    expect(answers.map(counts)).toEqual([
      [3, []],
      [0, expect.arrayContaining(isOpen)],
    ]);
    expect(shown(await listed())).toEqual([other, gone[1]]);
  });

  it('is taken by a retry, and what the list says again is not asked again', async () => {
    expect(
      (await review({ decision: 'accept', kind: 'gone', reason: 'notice' })).body,
    ).toMatchObject({
      ...{ decided: 1, left: 0, next: null },
    });
    const withdrawn = await (await api.raw('/v1/events?type=ListingWithdrawn')).text();
    expect(withdrawn).toContain(String(products['B-2']));
    await api.ask(`/v1/imports/${later}/retry`, { json: { reason: 'decided' } });
    await ended(later);
    expect(shown(await listed())).toEqual([other]);
    const { body } = await api.ask(`/v1/imports/${later}`);
    expect(body).toMatchObject({ waiting: 1, rows: { needsReview: 1 } });
  });

  it('is left as it is where there is nothing to take, also by the next retry', async () => {
    const asked = { rows: [4], reason: 'a slip of the list' };
    const { body: refused } = await review({ decision: 'accept', ...asked });
    expect(refused).toMatchObject({ decided: 0, refused: [{ code: 'REVIEW_UNDECIDABLE' }] });
    expect((await review({ decision: 'reject', ...asked })).body).toMatchObject({ decided: 1 });
    await api.ask(`/v1/imports/${later}/retry`, { json: { reason: 'again' } });
    await ended(later);
    expect(shown(await listed())).toEqual([]);
    const { body } = await api.ask(`/v1/imports/${later}`);
    expect(body).toMatchObject({ state: 'completed', waiting: 0, rows: { needsReview: 1 } });
  });
});
