import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Refusal } from '#kernel/refusal.js';
import { until } from '#testing/until.js';

import { assertBuilt } from './assert-built.js';
import { projectionStatus } from './projection-status.js';
import { Fixture } from './test/fixture.js';
import { tally } from './test/tally.js';
import { waitForPosition } from './wait-for-position.js';

describe('a build', () => {
  let fixture: Fixture;

  beforeEach(async () => {
    fixture = await Fixture.start();
  });

  afterEach(async () => {
    await fixture.stop();
  });

  const value = (sql: string): Promise<unknown> => fixture.value(sql);
  const sum = async (): Promise<number> =>
    Number(await value('select sum(sum) from tally_v1.total'));
  const refusalOf = async (work: Promise<unknown>): Promise<Refusal> => {
    const error: unknown = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error instanceof Refusal) return error;
    throw new Error(`no refusal but ${String(error)}`);
  };

  it('is switched to while queries run, and none sees less than was there', async () => {
    const projection = tally();
    await fixture.run(projection);
    await waitForPosition(fixture.store, tally(), await fixture.count(3_000), {
      timeoutMs: 20_000,
    });
    const stream = 'tally-live';
    let running = true;
    let least = 3_000;
    let queries = 0;
    const ask = async (): Promise<void> => {
      while (running) {
        // Two tables in one statement: both must come from the same build.
        const [row] = await fixture.rows<{ sum: string; entries: string }>(
          `select (select sum(sum) from tally_v1.total) as sum, (select count(*) from tally_v1.entry) as entries`,
        );
        expect(row?.sum).toBe(row?.entries);
        expect(Number(row?.sum)).toBeGreaterThanOrEqual(least);
        least = Math.max(least, Number(row?.sum));
        queries += 1;
      }
    };
    const append = async (): Promise<void> => {
      while (running) await fixture.count(5, stream);
    };
    const work = [ask(), append()];
    for (let round = 0; round < 4 || queries <= 50; round += 1) await fixture.rebuild('tally');
    running = false;
    await Promise.all(work);
    await waitForPosition(fixture.store, tally(), await fixture.count(1), { timeoutMs: 20_000 });
    expect(await value('select count(*)::int from tally_v1.entry')).toBe(await sum());
    expect(
      await fixture.rows(`select nspname from pg_namespace where nspname like 'tally\\_\\_%'`),
    ).toEqual([]);
  });

  it('waits for a query that holds the old tables, and goes on afterwards', async () => {
    await fixture.run(tally());
    await waitForPosition(fixture.store, tally(), await fixture.count(10), { timeoutMs: 20_000 });
    await fixture.store.transaction(async (client) => {
      await client.query('select count(*) from tally_v1.total');
      await fixture.request('rebuild', 'tally');
      await until('the build has reached the end', async () => {
        // Asked here: a transaction that stands idle for long is ended.
        const { rows } = await client.query<{ events: number }>(
          `select events::int from subscription.checkpoint where state = 'building'`,
        );
        // The request is an event too.
        return rows[0]?.events === 11;
      });
      // Others are not kept waiting for longer than the switch tries.
      for (let query = 0; query < 20; query += 1) {
        await fixture.store.transaction(
          (other) => other.query('select sum(sum) from tally_v1.total'),
          `set local lock_timeout to '1s'`,
        );
      }
      const { rows } = await client.query('select count(*)::int as entries from tally_v1.entry');
      expect(rows).toEqual([{ entries: 10 }]);
    });
    await until('switched', async () => {
      return (await fixture.activeBuild('tally')) === 2;
    });
    expect(await sum()).toBe(10);
  });

  it('is paused and resumed where it was, by another process too', async () => {
    const gate = { open: false };
    const projection = tally({
      afterSave: async () => {
        if (gate.open) await new Promise((resolve) => setTimeout(resolve, 300));
      },
    });
    const first = await fixture.run(projection);
    await waitForPosition(fixture.store, tally(), await fixture.count(6_000), {
      timeoutMs: 30_000,
    });
    gate.open = true;
    await fixture.request('rebuild', 'tally');
    const events = async (): Promise<number> =>
      Number(await value(`select events from subscription.checkpoint where scope = 'build-2'`));
    await until('under way', async () => (await events()) > 0);
    await fixture.request('pause', 'tally');
    await until('paused', async () => {
      return (
        (await value("select state from subscription.checkpoint where scope = 'build-2'")) ===
        'paused'
      );
    });
    await fixture.request('pause', 'tally');
    await until('carried out', async () => {
      const sql = "select control_outcome from subscription.subscription where name = 'tally'";
      return (await value(sql)) === 'build 2 was paused already';
    });
    const stoppedAt = await events();
    expect(stoppedAt).toBeLessThan(6_000);
    const [status] = await projectionStatus(fixture.store, [projection]);
    expect(status).toMatchObject({
      state: 'running',
      builtVersion: 1,
      build: { build: 2, state: 'paused', events: stoppedAt, percent: expect.any(Number) },
    });
    await first.stop();
    gate.open = false;
    await fixture.run(projection);
    expect(await events()).toBe(stoppedAt);
    await fixture.request('resume', 'tally');
    await until('switched', async () => {
      return (await fixture.activeBuild('tally')) === 2;
    });
    expect(await sum()).toBe(6_000);
    expect(await value('select count(*)::int from tally_v1.entry')).toBe(6_000);
  });

  it('of a new version is made beside the old one; until then the new code refuses to answer', async () => {
    const old = tally();
    const oldRunner = await fixture.run(old);
    await waitForPosition(fixture.store, tally(), await fixture.count(2_000), {
      timeoutMs: 20_000,
    });
    let slow = true;
    const next = tally({
      version: 2,
      afterSave: async () => {
        while (slow) await new Promise((resolve) => setTimeout(resolve, 20));
      },
    });
    await assertBuilt(fixture.store, old);
    await fixture.run(next);
    const refusal = await refusalOf(assertBuilt(fixture.store, next));
    expect(refusal).toMatchObject({
      code: 'PROJECTION_BUILDING',
      kind: 'unavailable',
      details: { progress: { state: 'building', events: 0 } },
    });
    // The old version goes on meanwhile.
    await waitForPosition(fixture.store, old, await fixture.count(1), { timeoutMs: 20_000 });
    expect(await sum()).toBe(2_001);
    slow = false;
    await until('built', () =>
      assertBuilt(fixture.store, next).then(
        () => true,
        () => false,
      ),
    );
    await waitForPosition(fixture.store, next, await fixture.count(1), { timeoutMs: 20_000 });
    expect(Number(await value('select sum(sum) from tally_v2.total'))).toBe(2_002);
    await oldRunner.stop();
  });

  it('is refused when the sources changed and the version did not', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'voltrace-')), 'projector.sql');
    const projection = (version: number) => tally({ version, sources: [pathToFileURL(file)] });
    writeFileSync(file, 'one');
    const runner = await fixture.run(projection(1));
    await runner.stop();
    writeFileSync(file, 'two');
    await expect(fixture.run(projection(1))).rejects.toThrow(
      'the sources of projection tally differ from those that its version 1 was built with: raise the version',
    );
    await fixture.run(projection(2));
    await until('built', () =>
      assertBuilt(fixture.store, projection(2)).then(
        () => true,
        () => false,
      ),
    );
  });

  it('with tables that do not run keeps the projector from starting', async () => {
    await expect(fixture.run(tally({ tables: 'create tabel x ()' }))).rejects.toThrow(
      'syntax error',
    );
  });
});
