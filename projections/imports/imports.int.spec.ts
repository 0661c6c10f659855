import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { handleCommand } from '#event-log/handle-command.js';
import { LogTail } from '#event-log/log-tail.js';
import { CancelImport, ReceiveImport, RetryImport } from '#product-registry/import/commands.js';
import { runImport } from '#product-registry/import/run/run-import.js';
import { acceptedCountsOf, countsOf } from '#product-registry/import/state.js';
import { ImportBench } from '#product-registry/import/testing/import-bench.js';
import { schemaOf } from '#read-store/schema-names.js';
import { readOne, readPage } from '#resource/reading.js';
import { ProjectionRunner } from '#subscription/projection/run-projections.js';
import { waitForPosition } from '#subscription/projection/wait-for-position.js';
import { commandMeta } from '#testing/decider-spec.js';

import { importList, rowsOfImport } from './import-list.http.js';
import { imports } from './imports.projection.js';

const never = new AbortController().signal;
const header = 'Manufacturer,Model Number,Chemistry,Capacity (kWh),Discharge Rate (kW)';

let bench: ImportBench;
let tail: LogTail;
let runner: ProjectionRunner;
beforeAll(async () => {
  bench = await ImportBench.start();
  tail = new LogTail(bench.tools.log);
  await tail.start();
  const { store, tools } = bench;
  runner = new ProjectionRunner([imports], { store, log: tools.log, tail, pollMs: 100 });
  await runner.start();
});
afterAll(async () => {
  await runner.stop();
  await tail.stop();
  await bench.stop();
});

const visible = async (): Promise<void> => {
  const head = await bench.tools.log.head();
  if (head) await waitForPosition(bench.store, imports, head, { timeoutMs: 20_000 });
};

const rowsAt = async (id: string) =>
  (await readPage(bench.store.pool, rowsOfImport(id), { limit: 1_000 })).items.map(
    ({ row, outcome }) => [row, outcome] as const,
  );

describe('the imports read model', () => {
  it('counts rows by their latest outcome, through a new run and a retry', async () => {
    const id = await bench.receive(
      `${header}\nRow Works,R1,LFP,1,1\nRow Works,R2,Unheard Of,1,1\nRow Works,,LFP,1,1\n`,
    );
    await runImport(bench.tools, id, 'runner-a', never);
    await visible();
    const first = [
      [1, 'accepted'],
      [2, 'needsReview'],
      [3, 'rejected'],
    ];
    expect(await rowsAt(id)).toEqual(first);
    expect(await readOne(bench.store.pool, importList, id)).toMatchObject({
      state: 'completed',
      rows: {
        total: 3,
        accepted: 1,
        new: 1,
        changed: 0,
        unchanged: 0,
        rejected: 1,
        needsReview: 1,
      },
      run: 1,
      timesReceived: 1,
      receivedBy: 'curator-1',
    });

    const { log, imports: states } = bench.tools;
    const retry = commandMeta({ commandId: '00000000-0000-5000-8000-00000000000a' });
    await handleCommand(log, states, id, new RetryImport(retry));
    await runImport(bench.tools, id, 'runner-b', never);
    await visible();
    expect(await rowsAt(id)).toEqual(first);

    const again = commandMeta({ commandId: '00000000-0000-5000-8000-00000000000b' });
    const { received } = await bench.state(id);
    await handleCommand(log, states, id, new ReceiveImport(received, again));
    await runImport(bench.tools, id, 'runner-c', never);
    await visible();
    const found = await readOne(bench.store.pool, importList, id);
    expect(found).toMatchObject({ run: 3, timesReceived: 2, state: 'completed' });
    const state = await bench.state(id);
    expect(found?.rows).toEqual({ total: 3, ...countsOf(state), ...acceptedCountsOf(state) });
    expect(await rowsAt(id)).toEqual([[1, 'unchanged'], ...first.slice(1)]);
  });

  it('shows who cancelled an import and why, and lists it by its state', async () => {
    const id = await bench.receive(`${header}\nNot This One,N1,LFP,1,1\n`);
    const { log, imports: states } = bench.tools;
    const why = commandMeta({
      commandId: '00000000-0000-5000-8000-00000000000c',
      reason: 'the wrong file',
    });
    await handleCommand(log, states, id, new CancelImport(why));
    expect(await runImport(bench.tools, id, 'runner-e', never)).toBe('nothing-to-do');
    await visible();
    const found = await readOne(bench.store.pool, importList, id);
    expect(found).toMatchObject({
      state: 'cancelled',
      cancellation: { by: 'curator-1', reason: 'the wrong file' },
      startedAt: null,
      endedAt: expect.any(Date) as unknown,
    });
    const listed = await readPage(bench.store.pool, importList, {
      filter: { state: 'cancelled' },
      limit: 10,
    });
    expect(listed.items.map((one) => one.id)).toEqual([id]);

    const retry = commandMeta({ commandId: '00000000-0000-5000-8000-00000000000d' });
    await handleCommand(log, states, id, new RetryImport(retry));
    await runImport(bench.tools, id, 'runner-f', never);
    await visible();
    expect(await readOne(bench.store.pool, importList, id)).toMatchObject({
      state: 'completed',
      rows: { accepted: 1 },
      cancellation: null,
    });
  });

  it('lists imports and rows by pages, and rows by outcome', async () => {
    const lines = Array.from(
      { length: 25 },
      (_, n) => `Page Maker,${n % 5 ? `P${String(n)}` : ''},LFP,1,1`,
    );
    const id = await bench.receive(`${header}\n${lines.join('\n')}\n`);
    await runImport(bench.tools, id, 'runner-d', never);
    await visible();
    const rejected: number[] = [];
    let cursor: string | undefined;
    do {
      const page = await readPage(bench.store.pool, rowsOfImport(id), {
        filter: { outcome: 'rejected' },
        limit: 2,
        cursor,
      });
      rejected.push(...page.items.map(({ row }) => row));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(rejected).toEqual([1, 6, 11, 16, 21]);
    const newest = await readPage(bench.store.pool, importList, { limit: 1 });
    expect(newest.items.map((one) => one.id)).toEqual([id]);
    const next = await readPage(bench.store.pool, importList, {
      limit: 1,
      cursor: newest.nextCursor ?? '',
    });
    expect(next.items[0]?.id).not.toBe(id);
  });

  it('orders imports by position as a number, and loses none between pages', async () => {
    const { pool } = bench.store;
    // Far beyond the log of this test, so that these two come first.
    const places = [9_999_999_999_999n, 10_000_000_000_000n];
    for (const place of places) {
      await pool.query(
        `insert into ${schemaOf(imports)}.imports
           (id, kind, state, sha256, bytes, run, requested, times_received, accepted, accepted_new,
            accepted_changed, unchanged, rejected, needs_review, received_at, received_by,
            received_position, last_received_at, revision, position)
         values ($1, 'products', 'parted', '', 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, now(), 'x', $2, now(), 0, $2)`,
        [`at-${String(place)}`, String(place)],
      );
    }
    const filter = { state: 'parted' };
    const newest = await readPage(pool, importList, { filter, limit: 1 });
    const next = await readPage(pool, importList, {
      filter,
      limit: 1,
      cursor: newest.nextCursor ?? '',
    });
    expect([...newest.items, ...next.items].map(({ position }) => position)).toEqual(
      [...places].reverse().map(String),
    );
    expect(next.nextCursor).toBeNull();
    await pool.query(`delete from ${schemaOf(imports)}.imports where state = 'parted'`);
  });

  it('lists each import once, whatever happens to them between the pages', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) {
      ids.push(await bench.receive(`${header}\nWalk Maker,W${String(n)},LFP,1,1\n`));
    }
    await visible();
    const atStart = (await readPage(bench.store.pool, importList, { limit: 1_000 })).items;
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await readPage(bench.store.pool, importList, { limit: 2, cursor });
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor ?? undefined;
      const next = ids.shift();
      if (next !== undefined) await runImport(bench.tools, next, 'walker', never);
      await visible();
    } while (cursor !== undefined);
    expect(seen).toEqual(atStart.map(({ id }) => id));
  });

  it('holds rows with characters that a database cannot', async () => {
    // Longer than what is looked at to tell a text from other bytes.
    const notes = `${'note '.repeat(5_000)}\n`.repeat(6);
    const id = await bench.receive(
      `${notes}${header}\nNul Maker,N\u0000,LFP,1,1\nNul Maker,N2,LFP\n`,
    );
    await runImport(bench.tools, id, 'a', never);
    await visible();
    const { items } = await readPage(bench.store.pool, rowsOfImport(id), { limit: 10 });
    expect(items.map(({ outcome, problems }) => [outcome, problems[0]])).toEqual([
      ['rejected', { column: 'model number', reason: 'holds a NUL character', raw: 'N\ufffd' }],
      ['rejected', { column: '', reason: '3 cells, expected 5', raw: '' }],
    ]);
  });
});
