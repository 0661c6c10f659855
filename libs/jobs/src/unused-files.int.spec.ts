import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { wallNow } from '#kernel/wall-clock.js';

import { KeptFiles } from './kept-files.js';
import { UnusedFiles } from './unused-files.js';

let folder = '';
let files: KeptFiles;
let unused: UnusedFiles;
const logged: object[] = [];
const logger = {
  info: (fields: object) => void logged.push(fields),
  warn: (fields: object) => void logged.push(fields),
};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'voltrace-unused-'));
  files = new KeptFiles(folder, 1_000_000);
  unused = new UnusedFiles(
    files,
    join(folder, 'unused'),
    { maxAgeMs: 60_000, maxBytes: 20 },
    logger,
  );
  logged.length = 0;
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function* body(text: string): AsyncGenerator<Buffer> {
  await Promise.resolve();
  yield Buffer.from(text);
}

const sent = async (text: string): Promise<string> => {
  const spooled = await files.spool(body(text));
  try {
    await unused.keep(spooled);
  } catch (error) {
    await files.discard(spooled);
    throw error;
  }
  return spooled.sha256;
};

const laterBy = (ms: number, sha256: string): void => {
  const at = (wallNow() - ms) / 1_000;
  utimesSync(join(folder, 'unused', sha256), at, at);
};

describe('a file that was sent', () => {
  it('expires when nothing uses it, and that is logged', async () => {
    const sha256 = await sent('a,b\n');
    await unused.removeExpired();
    expect(await files.has(sha256)).toBe(true);
    laterBy(61_000, sha256);
    await unused.removeExpired();
    expect(await files.has(sha256)).toBe(false);
    expect(logged).toMatchObject([{ sha256, bytes: 4 }]);
    expect(readdirSync(join(folder, 'unused'))).toEqual([]);
  });

  it('stays for good once it is used, also when it is sent again', async () => {
    const sha256 = await sent('a,b\n');
    await unused.use(sha256);
    await unused.use(sha256);
    await sent('a,b\n');
    expect(existsSync(join(folder, 'unused', sha256))).toBe(false);
    await unused.removeExpired();
    expect(await files.has(sha256)).toBe(true);
  });

  it('expires later when it is sent or looked at again', async () => {
    const sha256 = await sent('a,b\n');
    laterBy(61_000, sha256);
    await sent('a,b\n');
    await unused.removeExpired();
    laterBy(61_000, sha256);
    await unused.touch(sha256);
    await unused.removeExpired();
    expect(await files.has(sha256)).toBe(true);
  });

  it('is refused where those that nobody uses take too many bytes', async () => {
    const first = await sent('0123456789\n');
    await expect(sent('abcdefghij\n')).rejects.toMatchObject({ code: 'UPLOADS_FULL' });
    expect(readdirSync(join(folder, 'tmp'))).toEqual([]);
    expect(readdirSync(join(folder, 'unused'))).toEqual([first]);
    // The one that is there takes no more.
    await sent('0123456789\n');
    await unused.use(first);
    await sent('abcdefghij\n');
  });
});
