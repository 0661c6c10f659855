import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { eventually, until } from '#testing/until.js';

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
          detail: 'the list has more than 3 data rows, which this server takes at most',
        }),
      ]);
    });
  });
});

describe('a preview', () => {
  it('ends when its caller hangs up', async () => {
    const content = list(100_000);
    const gone = new AbortController();
    const path = '/v1/imports?kind=products&dryRun=true';
    const two = [1, 2].map(() =>
      fetch(api.url + path, {
        method: 'POST',
        headers: { ...headers, authorization: `Bearer ${api.admin}` },
        body: content,
        signal: gone.signal,
      }).catch(() => undefined),
    );
    const another = (body: string) => api.ask(path, { method: 'POST', headers, body });
    // What is no text is refused before it counts as a preview.
    await until('both are being made', async () => (await another('%PDF')).status === 429);
    gone.abort();
    await Promise.all(two);
    await eventually(async () => {
      expect((await another(list(1))).status).toBe(200);
    }, 30_000);
  });
});
