import { afterAll, beforeAll, expect, it } from 'vitest';

import { type Body, SamplesApi } from './samples.fixture.js';

import 'reflect-metadata';

const day = '2026-05-04';
let api: SamplesApi;
let meter: string;
let then: string;
let visible: string;

/** Recorded, corrected, corrected again, taken away, late, and declared anew: `then` is before all but the first. */
beforeAll(async () => {
  api = await SamplesApi.start();
  meter = await api.device('meter');
  await api.declare(meter, 'P', { unit: 'kW', interpolation: 'hold', intervalMs: 60_000 });
  const from = { t0: `${day}T00:00:00Z`, dt: 60_000 };
  then = await api.record(meter, { ...from, series: { P: { values: [1, null, 3, 5] } } });
  const correct = async (time: string, value: number | null) => {
    const body = { series: 'P', at: `${day}T${time}Z`, value, reason: 'misread' };
    const answer = await api.post(`/devices/${meter}/correct-sample`, body);
    api.expectOk(answer);
    visible = String(answer.body['position']);
  };
  await correct('00:00:00', 10);
  await api.record(meter, { t0: `${day}T00:01:00Z`, t: [0], series: { P: { values: [2] } } });
  await api.declare(meter, 'P', { unit: 'kW', interpolation: 'linear', intervalMs: 30_000 });
  await correct('00:00:00', 20);
  await correct('00:03:00', null);
}, 60_000);
afterAll(() => api.stop());

const read = (query: string): Promise<Body> =>
  api.get(
    `/devices/${meter}/samples?series=P&from=${day}T00:00:00Z&to=${day}T00:04:00Z&after=${visible}${query}`,
  );
const valuesOf = ({ items }: Body): unknown[] =>
  (items as { at: string; value: number }[]).map(({ at, value }) => [at.slice(14, 16), value]);

it('shows the samples that counted, page by page', async () => {
  expect(valuesOf(await read(''))).toEqual([
    ['00', 20],
    ['01', 2],
    ['02', 3],
  ]);
  const past = await read(`&asOf=@${then}&limit=2`);
  expect(past).toMatchObject({ asOf: then, series: [{ interpolation: 'hold', unit: 'kW' }] });
  const next = await read(`&asOf=@${then}&limit=2&cursor=${String(past['nextCursor'])}`);
  expect([...valuesOf(past), ...valuesOf(next)]).toEqual([
    ['00', 1],
    ['02', 3],
    ['03', 5],
  ]);
  const mixed = await read(`&limit=2&cursor=${String(past['nextCursor'])}`);
  expect(mixed['code']).toBe('CURSOR_INVALID');
});

it('aggregates them by the rules of then, and says that it took single samples', async () => {
  const query = '&bucket=4m&fn=avg,count,twa';
  expect(await read(query)).toMatchObject({
    series: [{ interpolation: 'linear', buckets: [{ avg: 25 / 3, count: 3 }] }],
  });
  expect(await read(`${query}&asOf=@${then}`)).toMatchObject({
    asOf: then,
    series: [
      {
        ...{ interpolation: 'hold', intervalMs: 60_000, resolution: ['raw'] },
        // The first minute, and the last two.
        buckets: [{ avg: 3, count: 3, twa: 3, coverage: 0.75 }],
      },
    ],
  });
});

it('shows live what became of each sample, as it was when it came', async () => {
  const P = (at: string, ...values: (number | null)[]) =>
    api.record(meter, { t0: `${day}T${at}Z`, dt: 60_000, series: { P: { values } } });
  // Had at 00 a correction, at 01 a late sample, at 02 the first one, and at 03 one that was taken away.
  visible = await P('00:00:00', 1, 2, 4, 5);
  const expired = { series: 'P', before: `${day}T00:01:00Z`, reason: 'test' };
  const answer = await api.post(`/devices/${meter}/expire-samples`, expired);
  api.expectOk(answer);
  visible = String(answer.body['position']);
  await read('');
  const path = `/v1/devices/${meter}/samples/live?series=P&from=${then}`;
  const shown = await live(path, 8);
  expect(shown.map(({ at, value, outcome }) => [at.slice(14, 16), value, outcome])).toEqual([
    ['00', 10, 'expired'],
    ['01', 2, 'accepted'],
    ['00', 20, 'expired'],
    ['03', null, 'accepted'],
    ['00', 1, 'expired'],
    ['01', 2, 'duplicate'],
    ['02', 4, 'conflict'],
    ['03', 5, 'conflict'],
  ]);
});

interface Shown {
  readonly at: string;
  readonly value: unknown;
  readonly outcome: string;
}

/** The first samples of a feed. */
const live = async (path: string, count: number): Promise<readonly Shown[]> => {
  const { body } = await api.api.raw(path);
  const shown: Shown[] = [];
  if (!body) return shown;
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines)
      if (line.startsWith('data: '))
        shown.push(...(JSON.parse(line.slice(6)) as { samples: Shown[] }).samples);
    if (shown.length >= count) break;
  }
  return shown;
};

it('shows texts from before a series was declared as numbers, and the unit that was named first', async () => {
  const device = await api.device('mode');
  const at = (time: string, column: object) => ({ t: [`${day}T${time}Z`], series: { m: column } });
  await api.record(device, at('00:00:00', { values: ['eco'] }));
  await api.declare(device, 'm', { low: 0, high: 5 });
  await api.record(device, at('00:01:00', { unit: 'kW', values: [2] }));
  const other = await api.post(
    `/devices/${device}/samples`,
    at('00:02:00', { unit: 'W', values: [2] }),
  );
  expect(other.body).toMatchObject({ samples: 0, quarantined: 1 });
  const after = await api.record(device, at('00:03:00', { values: [6] }));
  const range = `series=m&from=${day}T00:00:00Z&to=${day}T01:00:00Z&after=${after}`;
  const read = await api.get(`/devices/${device}/samples?${range}`);
  expect(read).toMatchObject({
    series: [{ unit: 'kW', declared: true }],
    items: [
      { value: 'eco', quality: 'good' },
      { value: 2, quality: 'good' },
      { value: 6, quality: 'uncertain' },
    ],
  });
  expect(
    await api.get(`/devices/${device}/samples?${range}&bucket=hour&fn=count,sum`),
  ).toMatchObject({
    series: [{ buckets: [{ count: 2, sum: 8 }] }],
  });
  const known = await api.get(`/devices/${device}/series?after=${after}`);
  expect(known['items']).toMatchObject([{ series: 'm', unit: 'kW', declared: true, high: 5 }]);
});

it('reads samples by what was declared to another process meanwhile', async () => {
  const device = await api.device('shared');
  const at = (time: string, value: unknown) => ({
    t: [`${day}T${time}Z`],
    series: { m: { values: [value] } },
  });
  await api.record(device, at('00:00:00', 'eco'));
  await api.api.limited({}, async (url) => {
    const { status } = await fetch(`${url}/v1/devices/${device}/declare-series`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${api.api.admin}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ series: 'm', valueType: 'number', high: 5 }),
    });
    expect(status).toBe(200);
  });
  const sent = await api.post(`/devices/${device}/samples`, at('00:01:00', 6));
  expect(sent.body).toMatchObject({ samples: 1, quarantined: 0 });
  const range = `series=m&from=${day}T00:01:00Z&to=${day}T01:00:00Z&after=${String(sent.body['position'])}`;
  expect(await api.get(`/devices/${device}/samples?${range}`)).toMatchObject({
    items: [{ value: 6, quality: 'uncertain' }],
  });
});

it('cuts days by the zone that the site had then', async () => {
  const made = await api.post('/sites', { name: 'moved', timeZone: 'Europe/Brussels' });
  const site = String(made.body['id']);
  const device = String(
    (await api.post('/devices', { type: 'test', siteId: site, name: 'm' })).body['id'],
  );
  const at = await api.record(device, {
    ...{ t0: `${day}T21:00:00Z`, dt: 7_200_000, series: { P: { values: [1, 2] } } },
  });
  api.expectOk(await api.post(`/sites/${site}/formulas/twice/define`, { expression: 'm.P * 2' }));
  const zoned = await api.post(`/sites/${site}/set-time-zone`, {
    ...{ timeZone: 'Asia/Kathmandu', reason: 'it was entered wrongly' },
  });
  api.expectOk(zoned);
  const { position, ...range } = {
    position: String(zoned.body['position']),
    path: `from=${day}T00:00:00Z&to=2026-05-06T00:00:00Z&bucket=day&fn=count`,
  };
  const zoneOf = async (path: string, past: string): Promise<unknown> =>
    (await api.get(`${path}?${range.path}&after=${position}${past}`))['timeZone'];
  const own = (past: string) => zoneOf(`/devices/${device}/samples`, `&series=P${past}`);
  const formula = (past: string) => zoneOf(`/sites/${site}/formulas/twice/samples`, past);
  expect(await own('')).toBe('Asia/Kathmandu');
  expect(await own(`&asOf=@${at}`)).toBe('Europe/Brussels');
  expect(await formula('')).toBe('Asia/Kathmandu');
  expect(await formula(`&asOf=@${String(Number(position) - 1)}`)).toBe('Europe/Brussels');
  expect(await own(`&asOf=@${at}&tz=UTC`)).toBe('UTC');
});

it('says what is too large for a number, from roll-ups and from samples', async () => {
  const device = await api.device('huge');
  const values = { huge: { values: [1.7e308, 1.7e308] }, large: { values: [1e306, 1e306] } };
  const after = await api.record(device, { t0: `${day}T00:00:00Z`, dt: 60_000, series: values });
  const path = `/devices/${device}/samples?series=huge,large&to=2026-05-05T00:00:00Z&after=${after}`;
  const fns = 'bucket=day&fn=max,sum,avg,twa&fill=zero';
  for (const from of [`${day}T00:00:00Z`, '2026-05-03T23:59:59.999Z']) {
    const { series } = await api.get(`${path}&from=${from}&${fns}`);
    const last = (series as { buckets: object[] }[]).map(({ buckets }) => buckets.at(-1));
    expect(last).toMatchObject([
      { max: 1.7e308, sum: null, avg: null, twa: null, overflowed: ['sum', 'avg', 'twa'] },
      { max: 1e306, sum: 2e306, avg: 1e306, twa: null, overflowed: ['twa'] },
    ]);
  }
  const csv = await api.api.raw(`/v1${path}&from=${day}T00:00:00Z&${fns}&format=csv`);
  expect(await csv.text()).toContain(',1.7e+308,,,,');
});

it('knows no series before there was one', async () => {
  expect((await read('&asOf=@1'))['code']).toBe('SERIES_UNKNOWN');
  expect((await read('&asOf=2099-01-01T00:00:00Z'))['code']).toBe('AS_OF_INVALID');
  expect(await read(`&asOf=@${String(10 ** 15)}`)).toMatchObject({
    code: 'AS_OF_INVALID',
    errors: [
      { reason: expect.stringMatching(/^expected a position up to \d+, where the log ends/) },
    ],
  });
});
