import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EsdbEventLog } from '#event-log/esdb.js';
import { handleCommand } from '#event-log/handle-command.js';
import { LogTail } from '#event-log/log-tail.js';
import type { Role } from '#kernel/event.js';
import { commandMeta } from '#testing/decider-spec.js';
import { startOwnNode, startTestNode, type TestNode } from '#testing/test-node.js';

import { ApiKeys } from './api-keys.js';
import { Authenticator } from './authenticator.js';
import { IssueApiKey, RevokeApiKey } from './commands.js';
import { ensureAdminKey } from './ensure-admin-key.js';
import { keyText, newSecret, parseKeyText, secretHash } from './secret.js';

let node: TestNode;
let log: EsdbEventLog;
const folder = mkdtempSync(join(tmpdir(), 'voltrace-keys-'));

beforeAll(async () => {
  node = await startTestNode();
  log = EsdbEventLog.connect(node.url);
});
afterAll(async () => {
  await log.close();
  await node.stop();
  rmSync(folder, { recursive: true, force: true });
});

const meta = () => commandMeta({ commandId: randomUUID(), occurredAt: new Date().toISOString() });

const issueKey = async (
  keys: ApiKeys,
  { roles = ['viewer'], expiresAt = null }: { roles?: Role[]; expiresAt?: string | null } = {},
) => {
  const key = { id: randomUUID(), secret: newSecret() };
  const command = new IssueApiKey(
    { name: 'test', roles, expiresAt },
    secretHash(key.secret),
    meta(),
  );
  await handleCommand(log, keys, key.id, command);
  return { ...key, header: `Bearer ${keyText(key)}` };
};
const revokeKey = (keys: ApiKeys, id: string) =>
  handleCommand(log, keys, id, new RevokeApiKey({}, meta()));

const code = (value: string) => expect.objectContaining({ code: value }) as unknown;

describe('the authenticator', () => {
  it('recognises the bearer of an issued key', async () => {
    const keys = new ApiKeys(log);
    const { id, header } = await issueKey(keys, { roles: ['auditor', 'viewer'] });
    expect(await new Authenticator(keys).authenticate(header)).toEqual({
      id,
      kind: 'apiKey',
      roles: ['auditor', 'viewer'],
    });
  });

  it('refuses what is not a key, not known, or not the secret', async () => {
    const keys = new ApiKeys(log);
    const authenticator = new Authenticator(keys);
    const { id } = await issueKey(keys);
    const forged = keyText({ id, secret: newSecret() });
    const unknown = keyText({ id: randomUUID(), secret: newSecret() });
    const attempts: [string | undefined, string][] = [
      [undefined, 'CREDENTIALS_MISSING'],
      ['Basic YTpi', 'CREDENTIALS_MALFORMED'],
      ['Bearer x', 'CREDENTIALS_MALFORMED'],
      [`Bearer ${forged}`, 'API_KEY_UNKNOWN'],
      [`Bearer ${unknown}`, 'API_KEY_UNKNOWN'],
    ];
    for (const [header, expected] of attempts) {
      await expect(authenticator.authenticate(header)).rejects.toThrow(code(expected));
    }
  });

  it('refuses a key from the moment that it expires', async () => {
    const keys = new ApiKeys(log);
    const authenticator = new Authenticator(keys);
    const soon = Date.now() + 1_000;
    const { header } = await issueKey(keys, { expiresAt: new Date(soon).toISOString() });
    let isRefused = false;
    while (!isRefused) {
      await sleep(20);
      const asked = Date.now();
      const refusal = await authenticator.authenticate(header).then(
        () => null,
        (error: unknown) => error,
      );
      isRefused = refusal !== null;
      // In between, either is right.
      if (Date.now() < soon) expect(refusal).toBeNull();
      if (asked >= soon || isRefused) expect(refusal).toEqual(code('API_KEY_EXPIRED'));
    }
  });

  it('hears of a revocation by another process', async () => {
    const elsewhere = new ApiKeys(log);
    const authenticator = new Authenticator(new ApiKeys(log));
    const tail = new LogTail(log);
    await tail.start();
    tail.onEvent((event) => authenticator.forgetKeyOf(event));
    const { id, header } = await issueKey(elsewhere);
    await authenticator.authenticate(header);
    const { position } = await revokeKey(elsewhere, id);
    const before = {
      commit: (position?.commit ?? 1n) - 1n,
      prepare: (position?.prepare ?? 1n) - 1n,
    };
    await tail.changed(before, { timeoutMs: 30_000 });
    await expect(authenticator.authenticate(header)).rejects.toThrow(code('API_KEY_REVOKED'));
    await tail.stop();
  });

  it('notices a revocation that it did not hear of within five seconds', async () => {
    const elsewhere = new ApiKeys(log);
    const authenticator = new Authenticator(new ApiKeys(log));
    const { id, header } = await issueKey(elsewhere);
    await authenticator.authenticate(header);
    await revokeKey(elsewhere, id);
    await new Promise((resolve) => setTimeout(resolve, 5_100));
    await expect(authenticator.authenticate(header)).rejects.toThrow(code('API_KEY_REVOKED'));
  });

  it('lets nobody in while the log does not answer', async () => {
    const own = await startOwnNode();
    const ownLog = EsdbEventLog.connect(own.url);
    await own.kill();
    const text = keyText({ id: randomUUID(), secret: newSecret() });
    const attempt = new Authenticator(new ApiKeys(ownLog)).authenticate(`Bearer ${text}`);
    await expect(attempt).rejects.toThrow(expect.objectContaining({ name: 'LogUnavailable' }));
    await ownLog.close();
    await own.stop();
  });
});

describe('the first admin key', () => {
  const file = (name: string) => join(folder, name);

  it('is written for its owner alone, and opens the API', async () => {
    const path = file('a/admin.key');
    const { id, status } = await ensureAdminKey(log, new ApiKeys(log), path);
    expect(status).toBe('usable');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const actor = await new Authenticator(new ApiKeys(log)).authenticate(
      `Bearer ${readFileSync(path, 'utf8').trim()}`,
    );
    expect(actor).toEqual({ id, kind: 'apiKey', roles: ['admin'] });
  });

  it('is made once, however often the process starts', async () => {
    const path = file('b.key');
    const first = await ensureAdminKey(log, new ApiKeys(log), path);
    expect(await ensureAdminKey(log, new ApiKeys(log), path)).toEqual(first);
    let events = 0;
    for await (const _ of log.readStream(`apiKey-${first.id}`)) events += 1;
    expect(events).toBe(1);
  });

  it('is one for processes that start at once', async () => {
    const path = file('c.key');
    const starts = Array.from({ length: 5 }, () => ensureAdminKey(log, new ApiKeys(log), path));
    const ids = new Set((await Promise.all(starts)).map(({ id }) => id));
    expect(ids.size).toBe(1);
  });

  it('survives a crash between the file and the event', async () => {
    const path = file('d.key');
    const key = { id: randomUUID(), secret: newSecret() };
    writeFileSync(path, `${keyText(key)}\n`, { mode: 0o600 });
    expect(await ensureAdminKey(log, new ApiKeys(log), path)).toEqual({
      id: key.id,
      status: 'usable',
    });
  });

  it('survives a crash before the file has its name', async () => {
    writeFileSync(file('e.key.1234.tmp'), 'vt_half');
    const { status } = await ensureAdminKey(log, new ApiKeys(log), file('e.key'));
    expect(status).toBe('usable');
    expect(parseKeyText(readFileSync(file('e.key'), 'utf8').trim())).toBeDefined();
  });

  it('stays revoked', async () => {
    const path = file('f.key');
    const keys = new ApiKeys(log);
    const { id } = await ensureAdminKey(log, keys, path);
    await revokeKey(keys, id);
    expect(await ensureAdminKey(log, new ApiKeys(log), path)).toEqual({ id, status: 'revoked' });
  });

  it('is not taken from a file that holds something else', async () => {
    writeFileSync(file('g.key'), 'hello');
    await expect(ensureAdminKey(log, new ApiKeys(log), file('g.key'))).rejects.toThrow(/g\.key/);
    expect(existsSync(file('g.key'))).toBe(true);
  });
});
