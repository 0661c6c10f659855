import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { DiskReserve } from '#observability/disk-reserve.js';

import { KeptFiles } from './kept-files.js';

let folder = '';
let files: KeptFiles;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'voltrace-files-'));
  files = new KeptFiles(folder, 1_000_000);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function* chunks(...parts: (string | Buffer | Error)[]): AsyncGenerator<Buffer> {
  for (const part of parts) {
    await Promise.resolve();
    if (part instanceof Error) throw part;
    yield Buffer.from(part as string);
  }
}

const spooled = () => readdirSync(join(folder, 'tmp'));

describe('an upload', () => {
  it('is kept under the hash of its content', async () => {
    const file = await files.spool(chunks('a,b\n', '1,2\n'));
    await files.keep(file);
    const sha256 = createHash('sha256').update('a,b\n1,2\n').digest('hex');
    expect(file).toMatchObject({ sha256, bytes: 8 });
    expect(readFileSync(files.pathOf(sha256), 'utf8')).toBe('a,b\n1,2\n');
    expect(await files.has(sha256)).toBe(true);
    expect(spooled()).toEqual([]);
  });

  it('that is under way when the disk becomes full is refused, and nothing of it is left', async () => {
    const disk: { shortage: DiskReserve['shortage'] } = { shortage: undefined };
    const watched = new KeptFiles(folder, 1_000_000, disk);
    async function* body(): AsyncGenerator<Buffer> {
      yield* chunks('a,b\n');
      disk.shortage = { folder, freeBytes: 0, reserveBytes: 1 };
      yield* chunks('1,2\n');
    }
    await expect(watched.spool(body())).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(spooled()).toEqual([]);
    disk.shortage = undefined;
    await watched.keep(await watched.spool(chunks('a,b\n')));
  });

  it('may be sent again', async () => {
    for (let i = 0; i < 2; i += 1) await files.keep(await files.spool(chunks('a,b\n')));
    expect(readdirSync(folder)).toHaveLength(2);
  });

  it.each([
    ['is empty', [], 'EMPTY_FILE'],
    ['is too large', ['x'.repeat(999_999), 'yy'], 'FILE_TOO_LARGE'],
    ['is a workbook', ['PK\u0003\u0004'], 'NOT_TEXT'],
    [
      'is binary behind a short first chunk',
      ['a', Buffer.from([0, 1, 2, 3, 0, 0, 4, 5])],
      'NOT_TEXT',
    ],
    [
      'breaks off',
      ['a,b', Object.assign(new Error('aborted'), { code: 'ECONNRESET' })],
      'UPLOAD_ABORTED',
    ],
    [
      'finds the disk full',
      ['a,b', Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })],
      'INSUFFICIENT_STORAGE',
    ],
  ])('leaves nothing when it %s', async (_, parts, code) => {
    await expect(files.spool(chunks(...parts))).rejects.toMatchObject({ code });
    expect(spooled()).toEqual([]);
  });
});
