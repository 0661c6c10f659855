import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { privateFolder } from './private-folder.js';

describe('a private folder', () => {
  let parent: string;
  let folder: string;

  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'voltrace-private-'));
    folder = join(parent, 'data');
  });
  afterEach(() => rmSync(parent, { recursive: true, force: true }));

  it('is made for its owner alone', () => {
    expect(privateFolder(folder)).toBe(folder);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it.each([0o777, 0o1777, 0o770, 0o702])('is refused with mode %o, with the cure', (mode) => {
    mkdirSync(folder);
    chmodSync(folder, mode);
    expect(() => privateFolder(folder)).toThrow(`close it (chmod go-rwx ${folder})`);
    chmodSync(folder, 0o700);
    expect(privateFolder(folder)).toBe(folder);
  });
});

const isRoot = process.getuid?.() === 0;

(isRoot ? describe : describe.skip)(
  `another user's folder${isRoot ? '' : ' [skipped: only root can give a folder away]'}`,
  () => {
    it('is refused', () => {
      const folder = mkdtempSync(join(tmpdir(), 'voltrace-private-'));
      try {
        chownSync(folder, 65_534, 65_534);
        expect(() => privateFolder(folder)).toThrow(
          /belongs to user 65534, and this process runs as user 0/,
        );
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  },
);
