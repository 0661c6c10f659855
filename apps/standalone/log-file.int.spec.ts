import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { LogFile } from './log-file.js';

const folder = mkdtempSync(join(tmpdir(), 'voltrace-log-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a log file', () => {
  it('goes on where an earlier start ended, readable by its owner alone', () => {
    const path = join(folder, 'api.log');
    for (const line of ['one\n', 'two\n']) {
      const file = new LogFile(path);
      file.write(line);
      file.close();
    }
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('has what was written in one turn of the loop after it', async () => {
    const path = join(folder, 'turn.log');
    const file = new LogFile(path);
    file.write('one\n');
    file.write('two\n');
    await new Promise((resolve) => setImmediate(resolve));
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
    file.close();
  });

  it('keeps four files of ten megabytes at most, the newest lines in the first', () => {
    const path = join(folder, 'busy.log');
    const file = new LogFile(path);
    const line = `${'x'.repeat(1024 * 1024 - 1)}\n`;
    for (let megabyte = 0; megabyte < 55; megabyte++) file.write(line);
    file.write('the last\n');
    file.close();
    const files = readdirSync(folder).filter((name) => name.startsWith('busy.log'));
    expect(files.sort()).toEqual(['busy.log', 'busy.log.1', 'busy.log.2', 'busy.log.3']);
    for (const name of files) {
      expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(10 * 1024 * 1024);
    }
    expect(readFileSync(path, 'utf8').endsWith('the last\n')).toBe(true);
    expect(existsSync(`${path}.4`)).toBe(false);
  });
});
