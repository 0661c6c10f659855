import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { schemaOf } from '#read-store/schema-names.js';
import type { ProjectionDatabase } from '#subscription/projection/test/projection-database.js';

import { readAll, rowsOf, type Selected } from './reading.js';
import { sortsOf } from './resource.js';
import { fromSnapshot } from './snapshot.js';
import { manyThings } from './test/things.fixture.js';
import { type ThingResponse, things } from './test/things.http.js';
import { thingsProjection } from './test/things.projection.js';

const schema = schemaOf(thingsProjection);

describe('an export', () => {
  let many: ProjectionDatabase;
  const count = 90;

  beforeAll(async () => {
    many = await manyThings(count);
  });
  afterAll(() => many.stop());

  const exported = (selected: Selected): AsyncGenerator<ThingResponse> =>
    fromSnapshot(many.pool, async function* (client) {
      yield* readAll(client, things, await rowsOf(client, things, selected), 10);
    });

  /** Moves about half of the rows in every order there is, as events that are applied would. */
  const moveRows = () =>
    many.pool.query(
      `update ${schema}.things
          set code = md5(random()::text), amount = random(), name = md5(random()::text),
              position = position + 1 + floor(random() * 1000)
        where random() < 0.5`,
    );

  it('holds every row of the filter exactly once', async () => {
    const ids: string[] = [];
    for await (const { id } of exported({ filter: { amountMin: '2' }, sort: '-amount' })) {
      ids.push(id);
    }
    const { rows } = await many.pool.query<{ id: string }>(
      `select id from ${schema}.things where amount >= 2`,
    );
    expect(ids.sort()).toEqual(rows.map(({ id }) => id).sort());
  });

  it('holds every row exactly once though all that it is sorted by moves meanwhile', async () => {
    for (const sort of sortsOf(things)) {
      const ids: string[] = [];
      for await (const { id } of exported({ sort })) {
        ids.push(id);
        if (ids.length % 10 === 1) await moveRows();
      }
      expect(ids).toHaveLength(count);
      expect(new Set(ids).size).toBe(count);
    }
  });

  it('uses half of the connections at most, and frees them when the caller goes away', async () => {
    const begin = async () => {
      const rows = exported({});
      await rows.next();
      return rows;
    };
    const exports = await Promise.all(Array.from({ length: 5 }, begin));
    await expect(begin()).rejects.toMatchObject({ code: 'EXPORTS_BUSY', kind: 'too-many' });
    for (const rows of exports) await rows.return(undefined);
    for await (const _ of await begin()) {
      // Read to its end.
    }
    const { rows: sessions } = await many.pool.query(
      `select from pg_stat_activity
        where datname = current_database() and state like 'idle in transaction%'`,
    );
    expect(sessions).toEqual([]);
  });
});
