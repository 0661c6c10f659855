import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import {
  eventStoreUrl,
  filePath,
  integer,
  InvalidConfiguration,
  oneOf,
  portNumber,
  postgresUrl,
  readEnvironment,
} from './config.js';
import { diskEnvironment } from './environment.js';

const specs = {
  PORT: portNumber({ default: 8080 }),
  DATABASE_URL: postgresUrl(),
  EVENTSTORE_URL: eventStoreUrl({ default: 'esdb://127.0.0.1:2113?tls=false' }),
  LOG_LEVEL: oneOf('info', 'warn')({ default: 'info' }),
  WORKERS: integer(1, 8)({ default: 2 }),
};
const DATABASE_URL = 'postgres://u:geheim@127.0.0.1/x';

const complaintOf = (environment: Record<string, string>): string => {
  try {
    readEnvironment(specs, environment);
  } catch (error) {
    if (error instanceof InvalidConfiguration) return error.message;
    throw error;
  }
  throw new Error('was accepted');
};

describe('the configuration', () => {
  it('is typed, with defaults for what is absent or empty', () => {
    const { PORT, LOG_LEVEL, WORKERS } = readEnvironment(specs, { DATABASE_URL, PORT: '' });
    expect({ PORT, LOG_LEVEL, WORKERS }).toEqual({ PORT: 8080, LOG_LEVEL: 'info', WORKERS: 2 });
    expect(readEnvironment(specs, { DATABASE_URL, PORT: '0' }).PORT).toBe(0);
  });

  it('names every wrong variable with its value and what is expected', () => {
    const complaint = complaintOf({ PORT: '80x', LOG_LEVEL: 'loud', WORKERS: '9' });
    expect(complaint).toMatch(/PORT is "80x"; expected: an integer from 0 to 65535/);
    expect(complaint).toMatch(/LOG_LEVEL is "loud"; expected: one of info, warn/);
    expect(complaint).toMatch(/WORKERS is "9"; expected: an integer from 1 to 8/);
    expect(complaint).toMatch(/DATABASE_URL is not set/);
  });

  it('never shows a password', () => {
    const complaint = complaintOf({ DATABASE_URL: DATABASE_URL.replace('postgres', 'mysql') });
    expect(complaint).toMatch('"mysql://***@127.0.0.1/x"');
    expect(complaint).not.toMatch('geheim');
    const other = complaintOf({ DATABASE_URL, EVENTSTORE_URL: 'http://admin:geheim@db?tls=false' });
    expect(other).not.toMatch('geheim');
    for (const password of ['ge/heim', 'ge?heim', 'ge#heim', 'ge@heim']) {
      const broken = complaintOf({ DATABASE_URL: `mysql://u:${password}@127.0.0.1:port/x` });
      expect(broken).toMatch('"mysql://***@127.0.0.1:port/x"');
    }
  });
});

describe('a variable whose value is in a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'voltrace-secrets-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (text: string): string => {
    const path = join(folder, `secret-${String(text.length)}`);
    writeFileSync(path, text);
    return path;
  };

  it('is read from there, without the line break at its end', () => {
    for (const end of ['', '\n', '\r\n']) {
      const read = readEnvironment(specs, { DATABASE_URL_FILE: file(`${DATABASE_URL}${end}`) });
      expect(read.DATABASE_URL).toBe(DATABASE_URL);
    }
    const other = readEnvironment(specs, { DATABASE_URL, WORKERS_FILE: file('7\n') });
    expect(other.WORKERS).toBe(7);
  });

  it('is checked like any other, and its value is not shown', () => {
    const complaint = complaintOf({
      DATABASE_URL_FILE: file(DATABASE_URL.replace('postgres', 'mysql')),
    });
    expect(complaint).toMatch('DATABASE_URL is "mysql://***@127.0.0.1/x"');
  });

  it('is refused where the file is not there, is empty, or the variable is set beside it', () => {
    const absent = complaintOf({ DATABASE_URL_FILE: join(folder, 'absent') });
    expect(absent).toMatch(/^ {2}DATABASE_URL_FILE is ".*absent"; expected: .*\(ENOENT\)$/);
    expect(complaintOf({ DATABASE_URL_FILE: file('\n') })).toMatch('a file that is not empty');
    const both = complaintOf({ DATABASE_URL, DATABASE_URL_FILE: file(DATABASE_URL) });
    expect(both).toBe('  DATABASE_URL and DATABASE_URL_FILE are both set; expected: one of them');
  });

  it('is another variable where one is declared by that name', () => {
    const declared = { KEY: oneOf('a')({ default: 'a' }), KEY_FILE: filePath() };
    expect(readEnvironment(declared, { KEY_FILE: '/none' })).toMatchObject({ KEY_FILE: '/none' });
  });
});

describe('the reserve of a disk', () => {
  it('is 256 MiB unless configured, and cannot be less than what Postgres needs to recover', () => {
    expect(readEnvironment(diskEnvironment, {}).VOLTRACE_DISK_RESERVE_BYTES).toBe(268_435_456);
    expect(() => readEnvironment(diskEnvironment, { VOLTRACE_DISK_RESERVE_BYTES: '1' })).toThrow(
      /VOLTRACE_DISK_RESERVE_BYTES is "1"; expected: an integer from 33554432/,
    );
  });
});
