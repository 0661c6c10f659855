import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import pg from 'pg';

import type { ApiClient } from '#test/support/client.js';

import { wholeLog } from './checks.js';

const patienceMs = 120_000;

const noted = (dataDir: string, name: string): string => {
  const run = JSON.parse(readFileSync(join(dataDir, 'run.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  const value = run[name];
  if (typeof value !== 'string') throw new Error(`run.json names no ${name}`);
  return value;
};

/** Where the read models and the log of a running Voltrace are, as it noted itself. */
export const databaseUrlOf = (dataDir: string): string => noted(dataDir, 'databaseUrl');
export const eventStoreUrlOf = (dataDir: string): string => noted(dataDir, 'eventStoreUrl');

/** Waits until the catalog shows everything that is in the log now. */
export const caughtUp = async (api: ApiClient): Promise<void> => {
  const position = (await wholeLog(api)).at(-1)?.position;
  if (position === undefined) return;
  const reply = await api.persist(`/v1/products?limit=1&after=${position}`, {}, patienceMs);
  if (reply.status !== 200) throw new Error(`the catalog does not catch up: ${reply.text}`);
};

/** Rebuilds a projection from zero and waits until the new build is the active one. */
export const rebuild = async (api: ApiClient, databaseUrl: string, name: string): Promise<void> => {
  const before = await activeBuild(databaseUrl, name);
  const reply = await api.persist(`/v1/subscriptions/${name}/rebuild`, {
    method: 'POST',
    body: JSON.stringify({ reason: 'compare with the live tables' }),
    headers: { 'content-type': 'application/json' },
  });
  if (reply.status >= 300) throw new Error(`rebuild answered ${reply.status}: ${reply.text}`);
  const until = Date.now() + patienceMs;
  while ((await activeBuild(databaseUrl, name)) === before) {
    if (Date.now() > until) throw new Error(`${name} was not rebuilt within ${patienceMs} ms`);
    await sleep(200);
  }
};

const activeBuild = async (databaseUrl: string, name: string): Promise<number | null> => {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ build: number | null }>(
      'select max(build) as build from read_store.build where projection = $1 and active',
      [name],
    );
    return rows[0]?.build ?? null;
  } finally {
    await client.end();
  }
};
