import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { FullDisk } from '#testing/full-disk.js';
import { until } from '#testing/until.js';

import { ImportingLab } from './import.fixture.js';

const disk = new FullDisk();
let lab: ImportingLab;
beforeAll(async () => {
  lab = await ImportingLab.start(disk.env);
}, 120_000);
afterAll(async () => {
  disk.clear();
  await lab.stop();
  disk.remove();
});

const header = 'Test Time / s,Voltage / V,Current / A,Unix Time / s,Cycle Count / 1,Step ID / 1';
const rows = (records: number): string[] =>
  Array.from(
    { length: records },
    (_, n) => `${String(n)},3.7${String(n % 7)},1.25,${String(1_777_892_340 + n)},1,1`,
  );
const file = (records: number): string => `${[header, ...rows(records)].join('\n')}\n`;
const folder = () => join(lab.standalone.dataDir, 'cycler-files');
const inFolder = (...parts: string[]): readonly string[] => readdirSync(join(folder(), ...parts));

describe('a full disk', () => {
  it('refuses an upload, also in its middle, and nothing of it is left; later it is taken', async () => {
    expect((await lab.send(file(10), 'first.csv')).status).toBe(200);
    const before = inFolder();
    const content = Buffer.from(file(2_000));
    const slowly = new ReadableStream<Uint8Array>({
      async pull(controller) {
        controller.enqueue(content.subarray(0, 1_000));
        await until('it has begun to arrive', () => inFolder('tmp').length === 1);
        disk.fill();
        await until(
          'uploads are refused',
          async () => (await lab.send('x', 'x.csv')).status === 503,
        );
        controller.enqueue(content.subarray(1_000));
        controller.close();
      },
    });
    const cut = await lab.ask('/v1/cycler-files?name=second.csv', {
      ...{ method: 'POST', body: slowly, duplex: 'half' },
      headers: { 'content-type': 'text/csv' },
    });
    expect(cut).toMatchObject({ status: 503, body: { code: 'DISK_FULL' } });
    expect(inFolder()).toEqual(before);
    expect(inFolder('tmp')).toEqual([]);
    expect(inFolder('unused')).toHaveLength(1);
    disk.clear();
    await until(
      'there is room again',
      async () => (await lab.send(content, 'second.csv')).status === 200,
    );
  }, 60_000);

  it('holds an import up, which then goes on with nothing doubled and nothing lost', async () => {
    const records = 90_000;
    const path = join(lab.folder, 'long.csv');
    writeFileSync(path, file(records));
    const small = (await lab.send(file(30), 'small.csv')).body;
    const wanted = {
      ...{ name: 'another', batteryId: await lab.newBattery() },
      files: [{ name: 'small.csv', sha256: small['sha256'] }],
    };
    const { body } = await lab.request([path]);
    const chunks = async (): Promise<number> => (await lab.chunks(body['id'])).length;
    await until('some of it is taken in', async () => (await chunks()) >= 3, 60_000);
    disk.fill();
    let taken = -1;
    await until(
      'no more is taken in',
      async () => {
        const last = taken;
        taken = await chunks();
        await sleep(1_500);
        return taken === last;
      },
      60_000,
    );
    expect(taken).toBeLessThan(records / 1_000);
    expect((await lab.ask(`/v1/experiments/${String(body['id'])}`)).body['status']).toBe(
      'importing',
    );
    expect(await lab.post('/v1/experiments/import', wanted)).toMatchObject({
      ...{ status: 503, body: { code: 'DISK_FULL' } },
    });
    disk.clear();
    expect(await lab.imported(body['id'])).toMatchObject({
      status: 'imported',
      import: { found: { records, rejectedRows: 0 } },
    });
    const times = (await lab.chunks(body['id'])).flatMap(
      ({ testTimeS }) => testTimeS as readonly number[],
    );
    expect(times).toEqual(Array.from({ length: records }, (_, n) => n));
    const another = await lab.post('/v1/experiments/import', wanted);
    expect(await lab.imported(another.body['id'])).toMatchObject({ status: 'imported' });
  }, 180_000);
});
