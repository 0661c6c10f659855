import { randomUUID } from 'node:crypto';

import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { apiKeyDecider } from '#access/api-key/decider.js';
import { apiKeyStream } from '#access/api-key/events.js';
import type { StoredEvent } from '#event-log/event-log.js';
import { schemaOf } from '#read-store/schema-names.js';
import { readPage } from '#resource/reading.js';
import { ProjectionDatabase } from '#subscription/projection/test/projection-database.js';

import { apiKeyList, apiKeyNames } from './api-keys.http.js';
import { apiKeys } from './api-keys.projection.js';

let database: ProjectionDatabase;
beforeAll(async () => {
  database = await ProjectionDatabase.of(apiKeys);
});
afterAll(() => database.stop());
beforeEach(async () => {
  await database.pool.query(`truncate ${schemaOf(apiKeys)}.api_keys`);
  told = 0;
});

let told = 0;
const at = '2026-02-12T09:30:00.000Z';

const event = (id: string, type: string, data: object, revision: bigint): StoredEvent => {
  told += 1;
  return {
    ...{ id: randomUUID(), stream: apiKeyStream(id), revision, type },
    data: data as StoredEvent['data'],
    metadata: { actor: { id: 'root', kind: 'apiKey', roles: ['admin'] }, reason: 'why' } as never,
    position: { commit: BigInt(told * 10), prepare: BigInt(told * 10) },
    created: new Date(Date.parse(at) + told),
  };
};

const issued = (id: string, name = `key ${id}`) =>
  event(
    id,
    'ApiKeyIssued',
    { name, roles: ['curator', 'viewer'], secretSha256: 'f'.repeat(64), expiresAt: null },
    0n,
  );
const revoked = (id: string) => event(id, 'ApiKeyRevoked', {}, 1n);

const list = (status?: string, limit = 100, cursor?: string) =>
  readPage(database.pool, apiKeyList, { filter: { status }, limit, cursor });

describe('the list of API keys', () => {
  it('says what a key may do and who issued and revoked it, and nothing of its secret', async () => {
    await database.apply([issued('a'), issued('b'), revoked('a')]);
    const { items } = await list();
    expect(items).toEqual([
      expect.objectContaining({ id: 'b', status: 'active', revokedAt: null, revision: 0 }),
      {
        ...{ id: 'a', name: 'key a', roles: ['curator', 'viewer'], status: 'revoked' },
        ...{ expiresAt: null, issuedAt: new Date('2026-02-12T09:30:00.001Z'), issuedBy: 'root' },
        ...{ revokedAt: new Date('2026-02-12T09:30:00.003Z'), revokedBy: 'root' },
        ...{ revokeReason: 'why', revision: 1 },
      },
    ]);
    expect(JSON.stringify(items)).not.toContain('ffff');
  });

  it('names those of the principals that are keys', async () => {
    await database.apply([issued('a', 'nightly import')]);
    const names = await apiKeyNames(database.pool, ['a', 'system', 'a']);
    expect([...names]).toEqual([['a', 'nightly import']]);
  });

  it('is what the decider says of each key, however the log is cut into batches, page by page', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.boolean()), { maxLength: 30 }),
        fc.integer({ min: 1, max: 7 }),
        async (steps, size) => {
          await database.pool.query(`truncate ${schemaOf(apiKeys)}.api_keys`);
          const states = new Map<string, ReturnType<typeof apiKeyDecider.evolve>>();
          const events = steps.flatMap(([number, isRevoked]) => {
            const id = String(number);
            const state = states.get(id) ?? apiKeyDecider.initialState;
            const isNew = state.status === 'none';
            if (isNew === isRevoked || state.status === 'revoked') return [];
            const next = isNew ? issued(id) : revoked(id);
            states.set(id, apiKeyDecider.evolve(state, next as never));
            return [next];
          });
          await database.apply(events, size);
          const found: [string, string][] = [];
          let cursor: string | undefined;
          do {
            const page = await list(undefined, 2, cursor);
            found.push(...page.items.map(({ id, status }) => [id, status] as [string, string]));
            cursor = page.nextCursor ?? undefined;
          } while (cursor !== undefined);
          expect(found).toEqual([...states].map(([id, { status }]) => [id, status]).reverse());
          const active = (await list('active')).items.map(({ id }) => id);
          expect(active).toEqual(
            found.filter(([, status]) => status === 'active').map(([id]) => id),
          );
        },
      ),
      { numRuns: 30 },
    );
  });
});
