import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { imports } from '#projections/imports/imports.projection.js';
import { eventually, until } from '#testing/until.js';
import { workbookOfTexts } from '#workbook/testing/make-workbook.js';

import { TestApi } from './api.fixture.js';

const header = 'Manufacturer,Model Number,Chemistry,Capacity (kWh),Discharge Rate (kW)';
const list = (rows: number) =>
  `${header}\n${Array.from({ length: rows }, (_, n) => `Maker ${String(n)},M-${String(n)},LFP,1,1\n`).join('')}`;
const headers = { 'content-type': 'text/csv' };

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(async () => {
  await api.stop();
});

describe('a list with more rows than are taken', () => {
  it('is refused in a preview', async () => {
    await api.limited({ importMaxRows: 3 }, async (url) => {
      const send = (query: string) =>
        fetch(`${url}/v1/imports?kind=products${query}`, {
          method: 'POST',
          headers: { ...headers, authorization: `Bearer ${api.admin}` },
          body: list(4),
        });
      const preview = await send('&dryRun=true');
      expect([preview.status, await preview.json()]).toEqual([
        422,
        expect.objectContaining({
          code: 'LIST_TOO_LONG',
          detail: 'the file has more than 3 data rows, which this server takes at most',
        }),
      ]);
    });
  });
});

describe('a workbook', () => {
  const workbook = workbookOfTexts({
    Notes: 'Read me first',
    List: `${header},Colour\nSheet Maker,S-1,LFP,1,1,red`,
  });
  const send = async (type: string, query = '') => {
    const sent = await fetch(`${api.url}/v1/imports?kind=products&file=list.xlsx${query}`, {
      method: 'POST',
      headers: { 'content-type': type, authorization: `Bearer ${api.admin}` },
      body: new Uint8Array(workbook),
    });
    return { status: sent.status, body: (await sent.json()) as Record<string, unknown> };
  };
  const itsOwn = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
  const unread = { unreadSheets: ['Notes'], unreadColumns: [{ title: 'Colour', rows: 1 }] };

  it.each([itsOwn, 'text/csv'])('sent as %s is told by its bytes and previewed', async (type) => {
    expect(await send(type, '&dryRun=true')).toMatchObject({
      status: 200,
      body: { sheet: 'List', ...unread, rows: { total: 1, accepted: 1 } },
    });
  });

  it('is imported, and the outcome names what was not read', async () => {
    const { status, body } = await send(itsOwn);
    expect(status).toBe(202);
    const answer = () => api.ask(`/v1/imports/${String(body['id'])}`);
    await until('it has ended', async () => (await answer()).body['state'] === 'completed');
    expect((await answer()).body).toMatchObject({
      file: 'list.xlsx',
      layout: { sheet: 'List', ignoredColumns: ['Colour'], ...unread },
      rows: { total: 1, accepted: 1 },
    });
  });

  it('that is none is refused', async () => {
    const { status, body } = await api.ask('/v1/imports?kind=products&dryRun=true', {
      method: 'POST',
      headers: { 'content-type': itsOwn },
      body: 'PK\u0003\u0004 and no more',
    });
    expect([status, body['code']]).toEqual([422, 'WORKBOOK_BROKEN']);
  });
});

describe('cancelling an import', () => {
  const cancel = (id: string, options: object = {}) =>
    api.ask(`/v1/imports/${id}/cancel`, { method: 'POST', ...options });
  const received = async (body: string): Promise<string> => {
    const sent = await api.ask('/v1/imports?kind=products', { method: 'POST', headers, body });
    return String(sent.body['id']);
  };
  const stateOf = async (id: string) => (await api.ask(`/v1/imports/${id}`)).body;

  it('ends it, and a retry goes on; what has ended is refused', async () => {
    const id = await received(list(3_000));
    await until('it runs', async () => (await stateOf(id))['state'] === 'running');
    const asked = await cancel(id, { json: { reason: 'the wrong file' } });
    expect(asked).toMatchObject({ status: 202, body: { state: 'running', beingCancelled: true } });
    await until('it has ended', async () => (await stateOf(id))['state'] === 'cancelled');
    // Sent again it is answered as it stands, with a body and without.
    const stale = { headers: { 'if-match': '"0"' } };
    expect(await cancel(id, stale)).toMatchObject({
      status: 412,
      body: { code: 'STALE_REVISION' },
    });
    expect(await cancel(id)).toMatchObject({
      status: 202,
      body: { state: 'cancelled', beingCancelled: false },
    });
    const retried = await api.ask(`/v1/imports/${id}/retry`, { json: { reason: 'after all' } });
    expect(retried.status).toBe(202);
    await until('it runs again', async () => (await stateOf(id))['state'] === 'running');
    await cancel(id);
    await until('it has ended', async () => (await stateOf(id))['state'] === 'cancelled');

    const short = await received(list(1));
    await until(
      'the short one has ended',
      async () => (await stateOf(short))['state'] === 'completed',
    );
    expect(await cancel(short)).toMatchObject({
      status: 409,
      body: {
        code: 'IMPORT_FINISHED',
        detail: 'the import is completed: there is nothing left to cancel',
      },
    });
    const viewer = (await api.newKey('viewer')).key;
    expect((await cancel(short, { key: viewer })).status).toBe(403);
  });

  it('names the field that it does not understand', async () => {
    const refused = await cancel('00000000-0000-5000-8000-000000000001', { json: { reason: '' } });
    expect(refused).toMatchObject({ status: 400, body: { errors: [{ pointer: '/reason' }] } });
  });
});

describe('a preview', () => {
  it('ends when its caller hangs up', async () => {
    const content = list(100_000);
    const gone = new AbortController();
    const path = '/v1/imports?kind=products&dryRun=true';
    const another = (body: string) => api.ask(path, { method: 'POST', headers, body });
    const curator = (await api.newKey('curator')).key;
    const two = [api.admin, curator].map((key) =>
      fetch(api.url + path, {
        method: 'POST',
        headers: { ...headers, authorization: `Bearer ${key}` },
        body: content,
        signal: gone.signal,
      }).catch(() => undefined),
    );
    // What is no text is refused before it counts as a preview.
    await until('the key has its one place', async () => (await another('%PDF')).status === 429);
    expect((await another('%PDF')).body['detail']).toBe(
      'a preview for this key is being made already',
    );
    gone.abort();
    await Promise.all(two);
    await eventually(async () => {
      expect((await another(list(1))).status).toBe(200);
    }, 30_000);
  });
});

describe('a list after an earlier one', () => {
  const send = async (asOf: string, ...rows: string[]): Promise<string> => {
    const body = `${[header, ...rows].join('\n')}\n`;
    const path = `/v1/imports?kind=products&asOf=${asOf}`;
    const sent = await api.ask(path, { method: 'POST', headers, body });
    const id = String(sent.body['id']);
    const answer = async () => (await api.ask(`/v1/imports/${id}`)).body['state'];
    await until('it has ended', async () => (await answer()) === 'completed');
    return id;
  };

  it('says what that one names and it does not', async () => {
    await api.project(imports);
    const kept = 'Yew,Y-1,LFP,1,1';
    const previous = await send('2016-01-01', kept, 'Yew,Y-2,LFP,2,1', 'Zelkova,Z-1,LFP,3,1');
    const id = await send('2016-02-01', kept, 'Yew,Z-1,LFP,3,1');
    expect((await api.ask(`/v1/imports/${id}`)).body).toMatchObject({
      absent: { previous, gone: 1, transferred: 1, renamed: 0 },
      notCompared: null,
    });
    const { body } = await api.ask(`/v1/imports/${id}/absences?kind=gone`);
    expect(body).toMatchObject({
      items: [{ kind: 'gone', manufacturer: 'Yew', model: 'Y-2', previous }],
      nextCursor: null,
    });
    const listed = (await api.ask('/v1/imports?limit=1')).body['items'];
    expect(listed).toMatchObject([{ id, asOf: '2016-02-01' }]);
    expect((await api.ask(`/v1/imports/${id}/absences?kind=lost`)).status).toBe(400);
    const unknown = '00000000-0000-4000-8000-000000000000';
    expect((await api.ask(`/v1/imports/${unknown}/absences`)).body['code']).toBe(
      'IMPORT_NOT_FOUND',
    );
  });
});
