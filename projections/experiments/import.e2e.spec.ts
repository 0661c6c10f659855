import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Answer } from '#apps/api/api.fixture.js';
import { until } from '#testing/until.js';

import { after, codeOf, idOf, itemsOf, LabApi, pointersOf } from '../lab-things/lab-api.fixture.js';
import { experiments } from './experiments.projection.js';

import 'reflect-metadata';

let lab: LabApi;
let batteryId: string;
beforeAll(async () => {
  lab = await LabApi.start();
  await lab.api.project(experiments);
  batteryId = idOf(await lab.battery());
});
afterAll(() => lab.stop());

const headers = { 'content-type': 'text/csv' };
const send = (body: string, name = 'cell.csv', query = ''): Promise<Answer> =>
  lab.api.ask(`/v1/cycler-files?name=${encodeURIComponent(name)}${query}`, { body, headers });

const importing = (file: Answer, more: object = {}, query = ''): Promise<Answer> =>
  lab.post(`/experiments/import${query}`, {
    ...{ name: 'Ageing of cell 33', batteryId, reason: 'history of the cell' },
    files: [{ name: file.body['name'], sha256: file.body['sha256'] }],
    ...more,
  });

const experiment = async (id: string): Promise<Answer['body']> =>
  (await lab.get(`/experiments/${id}`)).body;

/** The experiment when its import has come to an end. */
const imported = async (id: string): Promise<Answer['body']> => {
  await until(
    'the import has ended',
    async () =>
      ['imported', 'failed', 'cancelled'].includes((await experiment(id))['status'] as string),
    60_000,
  );
  return experiment(id);
};

const header = 'Test Time / s,Voltage / V,Current / A,Unix Time / s,Cycle Count / 1,Step ID / 1';
/** One record each ten seconds, from 2026-05-04T10:59:00Z on. */
const bdf = (records: number, more = ''): string => {
  const rows = Array.from({ length: records }, (_, n) => {
    const charges = n < records / 2;
    return `${String(n * 10)},3.6,${charges ? '1' : '-1'},${String(1_777_892_340 + n * 10)},1,${charges ? '1' : '2'}`;
  });
  return `${[header, ...rows].join('\n')}\n${more}`;
};

describe('an experiment that is imported', () => {
  it('has its real times, its records and its rejected rows', async () => {
    const file = await send(bdf(2_500, '25000,OVERLOAD,1,1777917340,1,2\n'), 'a cell.csv');
    expect(file).toMatchObject({ status: 200, body: { layout: 'bdf', name: 'a cell.csv' } });
    const asked = await importing(file);
    expect(asked.status).toBe(202);
    const id = idOf(asked);
    expect(asked.headers.get('location')).toBe(`/v1/experiments/${id}`);
    expect((await lab.get(`/experiments/${id}`, after(asked))).body).toMatchObject({
      ...{ name: 'Ageing of cell 33', batteryId, nominalCapacityAh: 2.3, stationId: null },
    });
    expect(await imported(id)).toMatchObject({
      ...{ status: 'imported', output: 'off', limits: null, unitId: null, message: null },
      ...{ startedAt: '2026-05-04T10:59:00.000Z', endedAt: '2026-05-04T17:55:30.000Z' },
      testTimeS: 24_990,
      import: {
        files: [{ name: 'a cell.csv', sha256: file.body['sha256'], bytes: file.body['bytes'] }],
        found: {
          ...{ records: 2_500, overlapping: 0, cycles: 'file', rejectedRows: 1, warnings: [] },
          files: [{ name: 'a cell.csv', layout: 'bdf', rows: 2_501, records: 2_500, ignored: [] }],
        },
        failure: null,
      },
    });
    const rows = itemsOf(await lab.get(`/experiments/${id}/rejected-rows`));
    expect(rows).toEqual([
      {
        ...{ file: 'a cell.csv', line: 2_502, fault: 'value' },
        reason: 'column "Voltage / V" holds "OVERLOAD", expected a number',
      },
    ]);
    const chunks = await samplesOf(id);
    expect(chunks.map(({ count }) => count)).toEqual([1_000, 1_000, 500]);
    expect(chunks[1]).toMatchObject({ from: '2026-05-04T13:45:40.000Z', experimentId: id });
    const listed = itemsOf(await lab.get('/experiments', { status: 'imported', batteryId }));
    expect(listed).toMatchObject([{ id }]);
  });

  it('is the same one when it is asked for again, by many at once', async () => {
    const file = await send(bdf(20, '\n'), 'same.csv');
    const asked = await Promise.all(Array.from({ length: 5 }, () => importing(file)));
    expect(new Set(asked.map(idOf)).size).toBe(1);
    expect(asked.map(({ status }) => status)).toEqual([202, 202, 202, 202, 202]);
    const id = idOf(asked[0]!);
    await imported(id);
    const again = await importing(file);
    expect([idOf(again), again.headers.get('command-outcome')]).toEqual([id, 'unchanged']);
    expect(await samplesOf(id)).toHaveLength(1);
    const events = itemsOf(await lab.get(`/experiments/${id}/history`));
    expect(events.map(({ event }) => event)).toEqual([
      'ExperimentImportRequested',
      'ExperimentImported',
    ]);
    expect(new Set(events.map(({ reason }) => reason))).toEqual(new Set(['history of the cell']));
  });

  it('takes no instruction', async () => {
    const id = idOf(await importing(await send(bdf(30), 'still.csv')));
    await imported(id);
    for (const what of ['pause', 'resume', 'cancel', 'abort', 'reset-trip', 'confirm-output-off']) {
      const refused = await lab.post(`/experiments/${id}/${what}`, { reason: 'test' });
      expect(codeOf(refused)).toEqual([409, 'EXPERIMENT_IMPORTED']);
    }
  });
});

describe('an import that is cancelled', () => {
  it('stops soon, keeps what it took in, says so, and goes on when it is asked for again', async () => {
    const records = 60_000;
    const file = await send(bdf(records), 'long.csv');
    const id = idOf(await importing(file));
    await until('some of it is taken in', async () => (await samplesOf(id)).length >= 3, 60_000);
    const asked = await lab.post(`/experiments/${id}/cancel`, { reason: 'the wrong cell' });
    expect(asked.status).toBe(200);
    const before = (await samplesOf(id)).length;
    expect(await imported(id)).toMatchObject({
      ...{ status: 'cancelled', message: expect.stringContaining('was cancelled') as unknown },
      import: { found: null, failure: null },
    });
    await sleep(1_000);
    const taken = (await samplesOf(id)).length;
    expect(taken).toBeLessThan(before + 20);
    expect(taken).toBeLessThan(records / 1_000);
    const again = await lab.post(`/experiments/${id}/cancel`, { reason: 'the wrong cell' });
    expect(again.headers.get('command-outcome')).toBe('unchanged');
    const history = itemsOf(await lab.get(`/experiments/${id}/history`));
    expect(history.at(-1)).toMatchObject({
      ...{ event: 'ExperimentImportCancelled', reason: 'the wrong cell' },
      actor: expect.objectContaining({ kind: 'apiKey' }) as unknown,
    });
    expect(idOf(await importing(file))).toBe(id);
    await until(
      'it is imported',
      async () => (await experiment(id))['status'] === 'imported',
      120_000,
    );
    const counts = (await samplesOf(id)).map(({ count }) => count as number);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(records);
    expect(codeOf(await lab.post(`/experiments/${id}/cancel`))).toEqual([
      409,
      'EXPERIMENT_IMPORTED',
    ]);
  }, 240_000);

  it('before its turn takes in nothing', async () => {
    const [long, short] = [await send(bdf(100_000), 'first.csv'), await send(bdf(500), 'next.csv')];
    const first = idOf(await importing(long));
    const id = idOf(await importing(short));
    for (const one of [id, first]) {
      expect((await lab.post(`/experiments/${one}/cancel`)).status).toBe(200);
    }
    expect(await imported(id)).toMatchObject({ status: 'cancelled' });
    expect(await imported(first)).toMatchObject({ status: 'cancelled' });
    // The next one is taken in when its turn is past.
    await imported(idOf(await importing(await send(bdf(400), 'third.csv'))));
    expect(await samplesOf(id)).toEqual([]);
  }, 240_000);
});

describe('rows that gave no record', () => {
  it('are all listed, in pages and as CSV', async () => {
    const bad = 2_345;
    const rows = Array.from({ length: bad }, (_, n) => `${String(500_000 + n)},x,1,,1,1`);
    const id = idOf(await importing(await send(bdf(20, `${rows.join('\n')}\n`), 'bad.csv')));
    const found = await imported(id);
    expect(found).toMatchObject({ import: { found: { records: 20, rejectedRows: bad } } });
    const lines = Array.from({ length: bad }, (_, n) => n + 22);
    const listed: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const query = { limit: '1000', ...(cursor !== '' && { cursor }) };
      const page = await lab.get(`/experiments/${id}/rejected-rows`, query);
      listed.push(...itemsOf(page).map(({ line }) => line));
      cursor = page.body['nextCursor'] as string | null;
    }
    expect(listed).toEqual(lines);
    const csv = await lab.api.raw(`/v1/experiments/${id}/rejected-rows?format=csv`);
    const text = (await csv.text()).split(/\r?\n/);
    expect(text[0]).toBe('file,line,fault,reason');
    expect(text.slice(1, -1).map((row) => Number(row.split(',')[1]))).toEqual(lines);
  }, 60_000);
});

describe('a file that no import has named', () => {
  const unusedFiles = { maxAgeMs: 24 * 3_600_000, maxBytes: 20 * 1024 ** 3 };

  it('expires, and one that was imported does not', async () => {
    const used = await send(bdf(10), 'used.csv');
    await imported(idOf(await importing(used)));
    const unused = await send(bdf(11), 'unused.csv');
    await lab.api.limited({ unusedFiles: { ...unusedFiles, maxAgeMs: 0 } }, async () => {
      await until('it has expired', async () => {
        const refused = await importing(unused, {}, '?dryRun=true');
        return codeOf(refused)[1] === 'FILE_NOT_KEPT';
      });
    });
    expect((await importing(used, {}, '?dryRun=true')).status).toBe(200);
  });

  it('is refused where there are too many of them', async () => {
    await lab.api.limited({ unusedFiles: { ...unusedFiles, maxBytes: 100 } }, async (url) => {
      const answer = await fetch(`${url}/v1/cycler-files?name=large.csv`, {
        ...{ method: 'POST', body: bdf(12) },
        headers: { ...headers, authorization: `Bearer ${lab.api.admin}` },
      });
      expect([answer.status, await answer.json()]).toMatchObject([507, { code: 'UPLOADS_FULL' }]);
    });
  });
});

describe('an import is refused where', () => {
  it('the files do not say when the test began', async () => {
    const plain = 'Test Time / s,Voltage / V,Current / A\n0,3.6,1\n10,3.7,1\n';
    const file = await send(plain, 'no clock.csv');
    const refused = await importing(file);
    expect(codeOf(refused)).toEqual([422, 'START_UNKNOWN']);
    expect(pointersOf(refused)).toEqual(['/startedAt']);
    const id = idOf(await importing(file, { startedAt: '2020-02-29T12:00:00+01:00' }));
    expect(await imported(id)).toMatchObject({
      ...{ status: 'imported', startedAt: '2020-02-29T11:00:00.000Z' },
      endedAt: '2020-02-29T11:00:10.000Z',
    });
  });

  it('a file was never sent', async () => {
    const file = {
      status: 200,
      headers: new Headers(),
      body: { name: 'x', sha256: '0'.repeat(64) },
    };
    const refused = await importing(file);
    expect(codeOf(refused)).toEqual([422, 'FILE_NOT_KEPT']);
    expect(pointersOf(refused)).toEqual(['/files/0/sha256']);
  });
});

/** The chunks of records of an experiment, in the order of the log. */
const samplesOf = async (id: string): Promise<readonly Readonly<Record<string, unknown>>[]> => {
  const text = await (await lab.api.raw('/v1/events?type=CyclerSamplesRecorded')).text();
  return text
    .split('\n')
    .flatMap((line) =>
      line.includes(id) ? [JSON.parse(line.replace(/^data: /, '')) as { data: object }] : [],
    )
    .map(({ data }) => data as Readonly<Record<string, unknown>>);
};
