import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { identityOf } from '#embedded/processes.js';

import { settingsFrom } from './settings.js';

describe("the administrator's key of the data folder", () => {
  const before = { ...process.env };
  let dataDir: string;

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'voltrace-ctl-'));
    process.env['VOLTRACE_DATA_DIR'] = dataDir;
    delete process.env['VOLTRACE_URL'];
    delete process.env['VOLTRACE_API_KEY'];
    writeFileSync(join(dataDir, 'admin.key'), 'vt_admin\n');
  });
  afterEach(() => {
    process.env = { ...before };
    rmSync(dataDir, { recursive: true });
  });

  const runs = (url: string, identity: object = identityOf(process.pid)!): void => {
    writeFileSync(join(dataDir, 'run.json'), JSON.stringify({ ...identity, url, parts: {} }));
  };

  it.each([undefined, 'http://127.0.0.1:18080', 'http://localhost:18080'])(
    'goes to the server that runs on it, given as %s',
    (url) => {
      runs('http://127.0.0.1:18080');
      expect(settingsFrom(url === undefined ? {} : { url }).key).toBe('vt_admin');
    },
  );

  it.each(['http://127.0.0.1:18081', 'http://127.0.0.1:8080', 'http://elsewhere:18080'])(
    'does not go to %s, where somebody else may listen',
    (url) => {
      runs('http://127.0.0.1:18080');
      expect(() => settingsFrom({ url })).toThrow('There is no API key');
    },
  );

  it('gives way to a key file and to the environment', () => {
    runs('http://127.0.0.1:18080');
    const keyFile = join(dataDir, 'other.key');
    writeFileSync(keyFile, 'vt_other\n');
    process.env['VOLTRACE_API_KEY'] = 'vt_environment';
    expect(settingsFrom({}).key).toBe('vt_environment');
    expect(settingsFrom({ keyFile }).key).toBe('vt_other');
  });

  it('goes nowhere while nothing runs, or what ran was killed', () => {
    expect(() => settingsFrom({})).toThrow('There is no API key');
    runs('http://127.0.0.1:18080', { pid: process.pid, startedAt: 'another' });
    expect(() => settingsFrom({})).toThrow('There is no API key');
    expect(() => settingsFrom({ url: 'http://127.0.0.1:18080' })).toThrow('There is no API key');
  });
});
