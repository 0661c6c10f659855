import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EsdbEventLog } from '#event-log/esdb.js';
import { eventClock } from '#projections/event-clock/event-clock.projection.js';
import type { ReadStore } from '#read-store/read-store.js';
import { type TestDatabase, testDatabase } from '#testing/embedded.js';
import { startEventNode, type TestEventNode } from '#testing/event-node.js';
import { appendAll, idOf } from '#testing/event-story.js';

import { resolveMoment } from './event-clock.js';
import type { HistoryItemResponse } from './history-response.js';
import type { ResourceReader } from './reader.js';
import { type ReadLog, readLog } from './test/read-log.fixture.js';
import { setTimes } from './test/set-times.fixture.js';
import { Things } from './test/things.fixture.js';
import { things } from './test/things.http.js';

const names = ['one', 'two', 'three'];
const seed = Math.floor(Math.random() * 2 ** 31);

const told = new Things();
for (const name of names) told.make(name);
for (let round = 0; round < 20; round += 1) {
  for (const name of names) told.change(name, { amount: String(round) });
}

describe(`a log whose clock stood and was set back (seed ${String(seed)})`, () => {
  let nodeDatabase: TestDatabase;
  let node: TestEventNode;
  let reading: ReadLog;
  let reader: ResourceReader;

  beforeAll(async () => {
    nodeDatabase = await testDatabase();
    node = await startEventNode({ databaseUrl: nodeDatabase.url });
    const writing = EsdbEventLog.connect(node.url);
    await appendAll(writing, told.events);
    await writing.close();
    await node.kill();
    await setTimes(nodeDatabase.url, seed);
    await node.restart();
    reading = await readLog(node.url, eventClock);
    reader = reading.newReader();
  });
  afterAll(async () => {
    await reading.stop();
    await node.stop();
    await nodeDatabase.drop();
  });

  const itemsOf = async (name: string) => {
    const { items } = await reader.history(things, idOf(name), { order: 'asc' });
    expect(items.length).toBe(21);
    return items;
  };

  const all = async (): Promise<readonly HistoryItemResponse[]> => {
    reader = reading.newReader();
    return (await Promise.all(names.map(itemsOf))).flat();
  };

  it('contains each event of a history as of the time that its item shows', async () => {
    for (const name of names) {
      for (const { recordedAt, revision } of await itemsOf(name)) {
        const then = await reader.itemAsOf(things, idOf(name), { at: new Date(recordedAt) });
        expect(then.revision).toBeGreaterThanOrEqual(revision);
      }
    }
  });

  it('does not contain them a millisecond earlier', async () => {
    for (const { recordedAt, position } of await all()) {
      const before = new Date(new Date(recordedAt).getTime() - 1);
      const then = await resolveMoment(reading.store, reading.log, { at: before });
      expect(then?.commit ?? 0n).toBeLessThan(BigInt(position));
    }
  });

  it('shows the same times where event-clock is behind, or not built', async () => {
    const { store, runner } = reading;
    const shown = await all();
    const { schema } = await runningSchema(store);
    await runner.stop();
    for (const share of [2, 5, 1_000]) {
      await store.pool.query(
        `delete from ${schema}.tick where running_max >
           (select min(running_max) + (max(running_max) - min(running_max)) / ${String(share)}
              from ${schema}.tick)`,
      );
      expect(await all()).toEqual(shown);
    }
    await store.pool.query(`delete from ${schema}.tick`);
    expect(await all()).toEqual(shown);
  });
});

const runningSchema = async (store: ReadStore): Promise<{ schema: string }> => {
  const { rows } = await store.pool.query<{ schema: string }>(
    `select quote_ident(table_schema) as schema from information_schema.tables where table_name = 'tick'`,
  );
  const [row] = rows;
  if (!row) throw new Error('there is no table tick');
  return row;
};
