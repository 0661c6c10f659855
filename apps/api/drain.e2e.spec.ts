import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { AppProcess } from '#embedded/app-process.js';
import { Fixture } from '#subscription/projection/test/fixture.js';
import { AppProcesses } from '#testing/app-processes.js';
import { compiledRoot } from '#testing/build.js';
import { until } from '#testing/until.js';

const drainMs = 3_000;

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

describe('an API that is asked to stop', () => {
  let fixture: Fixture;
  let folder: string;
  let api: AppProcess;
  let url: string;
  const apps = new AppProcesses();
  /** Of a caller who keeps one connection, as a load balancer does. */
  let agent: Agent;

  beforeEach(async () => {
    fixture = await Fixture.start();
    folder = mkdtempSync(join(tmpdir(), 'voltrace-drain-'));
    agent = new Agent({ keepAlive: true, maxSockets: 1 });
    api = apps.start(join(compiledRoot, 'apps/api/main.js'), {
      EVENTSTORE_URL: fixture.node.url,
      DATABASE_URL: fixture.database.url,
      PORT: '0',
      VOLTRACE_DATA_DIR: folder,
      ADMIN_KEY_FILE: join(folder, 'admin.key'),
      DRAIN_SECONDS: String(drainMs / 1_000),
    });
    ({ url = '' } = await api.ready);
  });

  afterEach(async () => {
    agent.destroy();
    await apps.kill();
    await fixture.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const ask = (path: string, body?: object): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const key = readFileSync(join(folder, 'admin.key'), 'utf8').trim();
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
      const method = body ? 'POST' : 'GET';
      const asked = request(url + path, { agent, method, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.once('end', () => {
          resolve({ status: response.statusCode, headers: response.headers, text });
        });
      });
      asked.once('error', reject).end(body && JSON.stringify(body));
    });

  const register = (name: string): Promise<Answer> =>
    ask('/v1/manufacturers', { name, code: null, reason: 'test' });

  it('says so to who asks for readiness, and serves until they had the time to notice', async () => {
    await until('it is ready', async () => (await ask('/health/ready')).status === 200);
    const kept = await register('Kept Works');
    expect([kept.status, kept.headers.connection]).toEqual([201, 'keep-alive']);
    const began = performance.now();
    api.signal('SIGTERM');
    await until('it is not ready', async () => (await ask('/health/ready')).status === 503);
    expect(JSON.parse((await ask('/health/ready')).text)).toMatchObject({
      checks: { stop: { status: 'down', reason: 'stopping' } },
    });
    for (let n = 0; performance.now() - began < drainMs - 500; n += 1) {
      const last = await register(`Late Works ${String(n)}`);
      expect([last.status, last.headers.connection]).toEqual([201, 'close']);
    }
    expect(await api.ended).toEqual({ code: 0, signal: null });
    expect(performance.now() - began).toBeGreaterThanOrEqual(drainMs);
  });

  it('stops at once where nobody asked for readiness', async () => {
    expect((await register('Lone Works')).status).toBe(201);
    const began = performance.now();
    expect(await api.stop()).toEqual({ code: 0, signal: null });
    expect(performance.now() - began).toBeLessThan(drainMs);
  });
});
