import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { LogIncomplete, WholeLog } from '#event-log/import-mark.js';
import { newEvent } from '#testing/new-event.js';

import { exportArchive } from './export-archive.js';
import { importArchive } from './import-archive.js';
import { contentOf, TwoLogs } from './test/two-logs.js';

const sha256 = (content: string | Buffer): string =>
  createHash('sha256').update(content).digest('hex');

let logs: TwoLogs;
beforeEach(async () => {
  logs = await TwoLogs.start();
  const { source, folder } = logs;
  const two = () => [newEvent('Registered', {}), newEvent('Set', { text: 'a' })];
  await source.append('product-1', two(), 'no_stream');
  await exportArchive({ log: source, folder });
  await source.append('product-2', two(), 'no_stream');
  await exportArchive({ log: source, folder, fromFormer: true });
});
afterEach(async () => {
  await logs.stop();
});

const pathOf = (file: string): string => join(logs.folder, file);
const second = 'events/00000002.ndjson.gz';

const imported = (): Promise<unknown> => importArchive({ log: logs.target, folder: logs.folder });

type Line = Record<string, unknown>;

/** As who has the archive could: with every hash made anew. */
const forge = (change: (entries: Line[]) => Line[] | undefined): void => {
  const path = pathOf('manifest.ndjson');
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  const entries = lines.map((line) => JSON.parse(line) as Line);
  let previous: string | null = null;
  const forged = (change(entries) ?? entries).map((entry) => {
    const line = JSON.stringify({ ...entry, previous });
    previous = sha256(line);
    return `${line}\n`;
  });
  writeFileSync(path, forged.join(''));
};

const forgeChunk = (change: (text: string) => string | Buffer): void => {
  const packed = gzipSync(change(gunzipSync(readFileSync(pathOf(second))).toString()));
  writeFileSync(pathOf(second), packed);
  forge((entries) => {
    const chunk = entries.find(({ file }) => file === second);
    Object.assign(chunk ?? {}, { sha256: sha256(packed), bytes: packed.length });
    return undefined;
  });
};

const lineChanges: readonly (readonly [
  name: string,
  change: (line: Line) => void,
  says: string,
])[] = [
  ['an id that is none', (line) => (line['id'] = 'x'), 'line 2: "id" is not what it should be'],
  ['no data', (line) => delete line['data'], 'line 2: "data" is not what it should be'],
  [
    'a system stream',
    (line) => (line['stream'] = '$users'),
    'line 2: no archive holds events of stream $users',
  ],
  [
    'the mark of an import',
    (line) => (line['stream'] = 'voltraceImport-log'),
    'line 2: no archive holds events of',
  ],
  [
    'a revision from afar',
    (line) => (line['revision'] = '9000000000000000000'),
    'line 2: stream product-2 ends at 0 in the target',
  ],
  [
    'a revision twice',
    (line) => (line['revision'] = '0'),
    'line 2: stream product-2 ends at 0 in the target',
  ],
];

describe('an archive that is damaged', () => {
  it('is refused where a chunk was changed, and names it', async () => {
    const bytes = readFileSync(pathOf(second));
    bytes[bytes.length - 9] = (bytes.at(-9) ?? 0) ^ 1;
    writeFileSync(pathOf(second), bytes);
    await expect(imported()).rejects.toThrow(`${second}: its content is not what was written`);
    writeFileSync(pathOf(second), bytes.subarray(0, -1));
    await expect(imported()).rejects.toThrow(/has \d+ bytes, and had \d+/);
    rmSync(pathOf(second));
    await expect(imported()).rejects.toThrow(`${second}: it is missing`);
  });

  it('is refused where the manifest was changed, or has lost a line', async () => {
    const path = pathOf('manifest.ndjson');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace('"streams":1', '"streams":2'));
    await expect(imported()).rejects.toThrow(
      'manifest.ndjson, line 3: it does not follow the line before',
    );
    writeFileSync(path, text.split('\n').toSpliced(2, 1).join('\n'));
    await expect(imported()).rejects.toThrow(
      'manifest.ndjson, line 3: it does not follow the line before',
    );
    writeFileSync(path, text.replace('{', '[{'));
    await expect(imported()).rejects.toThrow('manifest.ndjson, line 1: it is no JSON');
    expect((await contentOf(logs.target)).events).toEqual([]);
  });

  it.each(lineChanges)(
    'is refused with %s, though every hash is right',
    async (_, change, says) => {
      forgeChunk((text) => {
        const lines = text
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Line);
        change(lines[1] ?? {});
        return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
      });
      await expect(imported()).rejects.toThrow(`${second}, ${says}`);
    },
  );

  it('is refused where the target holds one of its events with another time, data or metadata', async () => {
    await imported();
    const own = gunzipSync(readFileSync(pathOf(second))).toString();
    for (const member of ['created', 'data', 'metadata']) {
      forgeChunk(() => own.replace(new RegExp(`"${member}":"`), `"${member}":"1`));
      await expect(imported()).rejects.toThrow(`which is not in ${second}, line 1`);
    }
    forgeChunk(() => own);
    await imported();
  });

  it('is refused where a chunk unpacks without end, or has lost a line', async () => {
    forgeChunk(() => Buffer.alloc(200 * 1024 * 1024));
    await expect(imported()).rejects.toThrow(`${second}: it cannot be unpacked`);
    writeFileSync(pathOf(second), gzipSync('{}\n'));
    forgeChunk((text) => text);
    await expect(imported()).rejects.toThrow(
      `${second}, line 1: "isJson" is not what it should be`,
    );
    forgeChunk(() => '');
    await expect(imported()).rejects.toThrow(
      `${second}: it does not hold what the manifest counted`,
    );
  });

  it.each([
    ['files/../admin.key', 'files/imports/../../x.csv'],
    ['events/../00000001', 'events/../../00000001.ndjson.gz'],
  ])('is refused with paths such as %s', async (_, file) => {
    forge(([first, chunk, ...rest]) => [first ?? {}, { ...chunk, kind: 'file', file }, ...rest]);
    await expect(imported()).rejects.toThrow(
      'manifest.ndjson, line 2: this version does not know such an entry',
    );
  });
});

describe('an archive that is not whole', () => {
  it('is imported up to the last export that was finished; what was half written is cut off by the next one', async () => {
    const { source, target, folder } = logs;
    appendFileSync(pathOf('manifest.ndjson'), '{"previous":"0123');
    await imported();
    expect(await contentOf(target)).toEqual(await contentOf(source));
    await source.append('product-3', [newEvent('Registered', {})], 'no_stream');
    const end = await exportArchive({ log: source, folder, fromFormer: true });
    expect(end.counts.events).toBe(5);
    await imported();
    expect(await contentOf(target)).toEqual(await contentOf(source));
  });

  it('is refused where no export was finished', async () => {
    forge((entries) => entries.slice(0, 2));
    await expect(imported()).rejects.toThrow('holds no export that was finished');
    rmSync(pathOf('manifest.ndjson'));
    await expect(imported()).rejects.toThrow('holds no export that was finished');
  });

  it('keeps everybody from appending to what is half imported, until all of it is there', async () => {
    const { source, target } = logs;
    renameSync(pathOf(second), pathOf('aside'));
    await expect(imported()).rejects.toThrow(`${second}: it is missing`);
    const whole = new WholeLog(target);
    await expect(whole.ensure()).rejects.toThrow(LogIncomplete);
    await expect(exportArchive({ log: target, folder: join(logs.root, 'other') })).rejects.toThrow(
      LogIncomplete,
    );
    renameSync(pathOf('aside'), pathOf(second));
    await imported();
    await whole.ensure();
    expect(await contentOf(target)).toEqual(await contentOf(source));
  });

  it('is found out where its counts are not those of its chunks', async () => {
    forge((entries) => {
      Object.assign(entries.at(-1) ?? {}, { streams: 3 });
      return undefined;
    });
    await expect(imported()).rejects.toThrow(
      'its last line counts other events than the chunks hold',
    );
    await expect(new WholeLog(logs.target).ensure()).rejects.toThrow(LogIncomplete);
  });
});
