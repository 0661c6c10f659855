import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { schemaOf } from '#read-store/schema-names.js';
import { ProjectionDatabase } from '#subscription/projection/test/projection-database.js';

import { readPage, type Selected } from './reading.js';
import { type Resource, sortsOf } from './resource.js';
import type { Queryable } from './sql.js';
import { manyThings, Things } from './test/things.fixture.js';
import { type ThingResponse, things, thingsByInitial } from './test/things.http.js';
import { thingsProjection } from './test/things.projection.js';

const sorts = sortsOf(things);
const schema = schemaOf(thingsProjection);

/** Every page of a list, of `limit` items each. */
const everyPage = async (
  pool: Queryable,
  resource: Resource<ThingResponse>,
  selected: Selected,
  limit: number,
): Promise<ThingResponse[]> => {
  const items: ThingResponse[] = [];
  let cursor: string | undefined;
  do {
    const page = await readPage(pool, resource, { ...selected, cursor, limit });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    items.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return items;
};

describe('a list of rows that sort alike', () => {
  let many: ProjectionDatabase;
  const count = 90;

  beforeAll(async () => {
    many = await manyThings(count);
  });
  afterAll(() => many.stop());

  const sortValue = (sort: string, thing: ThingResponse): string | number | null => {
    if (sort === 'amount') return thing.amount === null ? null : Number(thing.amount);
    if (sort === 'changed') return Number(thing.position);
    return thing[sort as 'name' | 'code'];
  };

  /** Those without a value last, the others by the direction, ties by the id in the same direction. */
  const inOrder = (sort: string, items: readonly ThingResponse[]): ThingResponse[] => {
    const turn = sort.startsWith('-') ? -1 : 1;
    const name = sort.replace('-', '');
    return [...items].sort((one, other) => {
      const [a, b] = [sortValue(name, one), sortValue(name, other)];
      if (a !== b && (a === null || b === null)) return a === null ? 1 : -1;
      if (a !== b) return (a ?? 0) < (b ?? 0) ? -turn : turn;
      return one.id < other.id ? -turn : turn;
    });
  };

  it('gives every row exactly once and in order, whatever the sort and the page size', async () => {
    const all = (await readPage(many.pool, things, { limit: count + 1 })).items;
    expect(new Set(all.map(({ id }) => id)).size).toBe(count);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...sorts),
        fc.integer({ min: 1, max: count + 5 }),
        async (sort, limit) => {
          expect(await everyPage(many.pool, things, { sort }, limit)).toEqual(inOrder(sort, all));
        },
      ),
      { numRuns: 40 },
    );
  });

  it('goes on behind keys that run in several directions', async () => {
    const { rows } = await many.pool.query<{ id: string }>(
      `select id from ${schema}.things
        order by left(name, 1) desc, coalesce(amount, 0), revision, id desc`,
    );
    for (const limit of [1, 7, 100]) {
      const items = await everyPage(many.pool, thingsByInitial, {}, limit);
      expect(items.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
    }
  });

  it('combines filters, and has the first order unless another is given', async () => {
    const filter = { coded: true, amountMin: '1', amountMax: '2' };
    const found = await everyPage(many.pool, things, { filter }, 5);
    expect(found.length).toBeGreaterThan(0);
    expect(found).toEqual(inOrder('name', found));
    const { rows } = await many.pool.query(
      `select from ${schema}.things where code is not null and amount between 1 and 2`,
    );
    expect(found).toHaveLength(rows.length);
  });

  const refused = expect.objectContaining({ code: 'CURSOR_INVALID', kind: 'invalid' });

  it('refuses a cursor of another list, filter or sort, and one that is none', async () => {
    const { nextCursor } = await readPage(many.pool, things, { limit: 1 });
    const cursor = nextCursor ?? '';
    for (const page of [
      readPage(many.pool, things, { sort: '-name', cursor }),
      readPage(many.pool, things, { filter: { coded: true }, cursor }),
      readPage(many.pool, thingsByInitial, { cursor }),
      readPage(many.pool, things, { cursor: 'nonsense' }),
    ]) {
      await expect(page).rejects.toEqual(refused);
    }
    expect((await readPage(many.pool, things, { sort: 'name', cursor })).items).not.toEqual([]);
  });

  it('takes a cursor with the filters in another order', async () => {
    const { nextCursor } = await readPage(many.pool, things, {
      filter: { amountMin: '1', coded: true },
      limit: 1,
    });
    const filter = { coded: true, amountMin: '1' };
    const next = await readPage(many.pool, things, { filter, cursor: nextCursor ?? '' });
    expect(next.items).not.toEqual([]);
  });

  it('reads or refuses a cursor with any number in it, whatever the sort', async () => {
    const numbers = ['9223372036854775808', '-9223372036854775809', '9'.repeat(60), '1e400', 'NaN'];
    for (const sort of sorts) {
      const { nextCursor } = await readPage(many.pool, things, { sort, limit: 1 });
      const parts = Buffer.from(nextCursor ?? '', 'base64url').toString();
      const [context, , ...rest] = JSON.parse(parts) as string[];
      for (const number of numbers) {
        const forged = JSON.stringify([context, number, ...rest]);
        const cursor = Buffer.from(forged).toString('base64url');
        const error = await readPage(many.pool, things, { sort, cursor }).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        if (error !== undefined) expect(error).toEqual(refused);
      }
    }
  });
});

const names = Array.from({ length: 23 }, (_, index) => `T ${String(index % 5)}/${String(index)}`);
let added = 0;

type Change = (told: Things) => void;
const aName = fc.constantFrom(...names);
/** Everything that moves a row in some order, and new rows. */
const aChange: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(aName, fc.constantFrom(null, 'A', 'M', 'Z')).map(
    ([name, code]): Change =>
      (told) =>
        told.change(name, { code }),
  ),
  fc.tuple(aName, fc.constantFrom(null, '-9', '0.5', '7')).map(
    ([name, amount]): Change =>
      (told) =>
        told.change(name, { amount }),
  ),
  fc.constant<Change>((told) => {
    added += 1;
    told.make(`New ${String(added)}`, `N-${String(added)}`);
  }),
);

/** A walk over the list in one order, page by page. */
class Walk {
  readonly seen: string[] = [];
  isDone = false;
  private cursor: string | undefined;

  private constructor(
    private readonly pool: Queryable,
    readonly sort: string,
    readonly atStart: readonly string[],
  ) {}

  static async over(pool: Queryable, sort: string): Promise<Walk> {
    return new Walk(pool, sort, await idsIn(pool, sort));
  }

  async step(limit: number): Promise<void> {
    if (this.isDone) return;
    const { pool, sort, cursor } = this;
    const page = await readPage(pool, things, { sort, cursor, limit });
    this.seen.push(...page.items.map(({ id }) => id));
    this.cursor = page.nextCursor ?? undefined;
    this.isDone = this.cursor === undefined;
  }
}

const idsIn = async (pool: Queryable, sort: string): Promise<readonly string[]> =>
  (await readPage(pool, things, { sort, limit: 1_000 })).items.map(({ id }) => id);

describe('walks over a list in every order', () => {
  let database: ProjectionDatabase;
  let told: Things;
  let applied = 0;

  beforeAll(async () => {
    database = await ProjectionDatabase.of(thingsProjection);
  });
  afterAll(() => database.stop());

  const applyNew = async (): Promise<void> => {
    await database.apply(told.events.slice(applied));
    applied = told.events.length;
  };

  const restart = async (): Promise<void> => {
    await database.pool.query(`truncate ${schema}.things, ${schema}.moved_things`);
    told = new Things();
    applied = 0;
    for (const [index, name] of names.entries()) {
      told.make(name, index % 3 ? `C-${String(index)}` : null);
      if (index % 4) told.change(name, { amount: String(index % 7) });
    }
    await applyNew();
  };

  it('give what is there all the time once, in the order of their start, whatever moves', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 5 }),
        fc.array(fc.array(aChange, { maxLength: 6 }), { minLength: 4, maxLength: 12 }),
        async (limit, rounds) => {
          await restart();
          const walks = await Promise.all(sorts.map((sort) => Walk.over(database.pool, sort)));
          for (let round = 0; walks.some(({ isDone }) => !isDone); round += 1) {
            for (const walk of walks) await walk.step(limit);
            for (const change of rounds[round] ?? []) change(told);
            await applyNew();
          }
          for (const { sort, seen, atStart } of walks) {
            const known = new Set(atStart);
            expect([sort, ...seen.filter((id) => known.has(id))]).toEqual([sort, ...atStart]);
            expect(new Set(seen).size).toBe(seen.length);
          }
        },
      ),
      { numRuns: 10 },
    );
  });

  it.each(['changed', '-changed'])(
    'by %s go on while a batch is applied within each page',
    async (sort) => {
      await restart();
      const walk = await Walk.over(database.pool, sort);
      while (!walk.isDone) {
        for (const name of names) told.change(name, { amount: String(applied) });
        await Promise.all([walk.step(2), applyNew()]);
      }
      expect([...walk.seen].sort()).toEqual([...walk.atStart].sort());
    },
  );

  it('begin on the new tables where these take the place of the old ones within the first page', async () => {
    await restart();
    const other = await ProjectionDatabase.of(thingsProjection);
    await other.apply(told.events);
    let asked = 0;
    const switched = {
      query: (...statement: [string, unknown[]]) =>
        (asked++ === 0 ? database.pool : other.pool).query(...statement),
    } as Queryable;
    const first = await readPage(switched, things, { sort: 'amount' });
    expect(asked).toBeGreaterThan(2);
    expect(first).toEqual(await readPage(other.pool, things, { sort: 'amount' }));
    await other.stop();
  });

  const expired = expect.objectContaining({ code: 'CURSOR_EXPIRED', kind: 'invalid' });

  it('end with CURSOR_EXPIRED once the tables were built anew', async () => {
    await restart();
    const first = await readPage(database.pool, things, { sort: 'code', limit: 2 });
    const other = await ProjectionDatabase.of(thingsProjection);
    await other.apply(told.events);
    const cursor = first.nextCursor ?? '';
    const goOn = readPage(other.pool, things, { sort: 'code', cursor });
    await expect(goOn).rejects.toEqual(expired);
    await other.stop();
  });

  it('end with CURSOR_EXPIRED once too much has moved', async () => {
    await restart();
    const first = await readPage(database.pool, things, { sort: 'code', limit: 2 });
    const page = { sort: 'code', cursor: first.nextCursor ?? '', limit: 2 };
    await database.pool.query(
      `insert into ${schema}.moved_things (move, id, position)
       select number, 'other', 1 from generate_series(1, 99990) as number`,
    );
    expect((await readPage(database.pool, things, page)).items).toHaveLength(2);
    for (const name of names) told.change(name, { amount: '1' });
    await applyNew();
    await expect(readPage(database.pool, things, page)).rejects.toEqual(expired);
  });
});
