import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Logger } from '#observability/logging.js';
import { Metrics } from '#observability/metrics.js';

import { ProcessContext } from './process-context.js';
import { serveSupervision } from './supervision-server.js';

let folder: string;
let file: string;
let context: ProcessContext;
let url: string;

const listen = async (SUPERVISION_KEY_FILE: string | undefined): Promise<void> => {
  const settings = { HEALTH_HOST: '127.0.0.1', HEALTH_PORT: 0, SUPERVISION_KEY_FILE };
  const port = await serveSupervision(context, settings);
  url = `http://127.0.0.1:${String(port)}`;
};

const ask = async (
  path: string,
  authorization?: string,
): Promise<{ status: number; body: string }> => {
  const answer = await fetch(url + path, authorization ? { headers: { authorization } } : {});
  return { status: answer.status, body: await answer.text() };
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'voltrace-supervision-'));
  file = join(folder, 'supervision.key');
  const logger = Logger.create({ app: 'test', level: 'silent' });
  context = new ProcessContext('test', logger, new Metrics({ processMetrics: false }));
  context.health.register('store', () => ({ status: 'down', reason: 'ECONNREFUSED' }));
});
afterEach(async () => {
  await context.stop();
  rmSync(folder, { recursive: true });
});

describe('the supervision of a process', () => {
  it('shows its metrics and the details of its health to who has the key, which it makes', async () => {
    await listen(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const key = readFileSync(file, 'utf8').trim();
    expect(key).toMatch(/^[\w-]{43}$/);
    const metrics = await ask('/metrics', `Bearer ${key}`);
    expect(metrics).toMatchObject({ status: 200 });
    expect(metrics.body).toContain('voltrace_health_up{check="store"} 0');
    expect((await ask('/health/ready', `bearer ${key}`)).body).toContain('ECONNREFUSED');
  });

  it.each([undefined, 'Bearer', `Bearer ${'x'.repeat(43)}`, 'Basic eDp4'])(
    'shows to "%s" no more than that it is up or down',
    async (authorization) => {
      await listen(file);
      expect(await ask('/metrics', authorization)).toMatchObject({ status: 401 });
      expect(await ask('/health/live', authorization)).toMatchObject({ status: 200 });
      expect(await ask('/health/ready', authorization)).toEqual({
        ...{ status: 503, body: '{"status":"down"}' },
      });
    },
  );

  it('shows no metrics to anybody where no key file is set', async () => {
    await listen(undefined);
    expect(await ask('/metrics', 'Bearer undefined')).toMatchObject({ status: 401 });
  });

  it('keeps the key over starts', async () => {
    writeFileSync(file, `${'k'.repeat(40)}\n`, { mode: 0o600 });
    await listen(file);
    expect(await ask('/metrics', `Bearer ${'k'.repeat(40)}`)).toMatchObject({ status: 200 });
  });

  it.each([
    ['of fewer than 32 characters', 'short', 0o600, 'expected: a file with a key of at least 32'],
    ['that others may write', 'k'.repeat(40), 0o666, 'is open to other users (mode 666)'],
  ])('refuses a key %s', async (_, key, mode, message) => {
    writeFileSync(file, key);
    chmodSync(file, mode);
    await expect(listen(file)).rejects.toThrow(message);
  });
});
