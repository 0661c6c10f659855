import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { EsdbEventLog } from '#event-log/esdb.js';
import type { Position } from '#event-log/event-log.js';
import { LogCheck } from '#event-log/log-check.js';
import { startOwnNode, type TestNode } from '#testing/test-node.js';
import { until } from '#testing/until.js';

import { projectionStatus } from './projection-status.js';
import { appendCounted, Fixture } from './test/fixture.js';
import { tally } from './test/tally.js';
import { waitForPosition } from './wait-for-position.js';

describe('a projection whose log is replaced', () => {
  let fixture: Fixture;
  let other: TestNode | undefined;
  const projection = tally();

  beforeEach(async () => {
    fixture = await Fixture.start(startOwnNode);
  });

  afterEach(async () => {
    await fixture.stop();
    await other?.stop();
    other = undefined;
  });

  const visible = (position: Position) =>
    waitForPosition(fixture.store, projection, position, { timeoutMs: 60_000 });
  const sum = async (): Promise<number> =>
    Number(await fixture.value('select coalesce(sum(sum), 0) from tally_v1.total'));
  const status = async () => {
    const [shown] = await projectionStatus(fixture.store, [projection]);
    if (!shown) throw new Error('no status');
    return shown;
  };
  /** A log that another node wrote, with so many events. */
  const otherLog = async (count: number) => {
    other = await startOwnNode();
    const through = EsdbEventLog.connect(other.url);
    const position = await appendCounted(through, count);
    await through.close();
    return { log: await other.copyLog(), position };
  };
  const untilReplaced = () =>
    until('it says so', async () => (await status()).state === 'log-replaced');

  it('applies nothing of a longer log, says so, and is rebuilt onto it', async () => {
    await fixture.runBuilt(projection);
    await visible(await fixture.count(3));
    const { log: longer, position } = await otherLog(50);
    await fixture.node.replaceLog(longer);
    await untilReplaced();
    expect(await status()).toMatchObject({
      error: expect.stringMatching(
        /^this is not the event log that subscription tally has followed: it took event [-0-9a-f]{36} at position \d+, where this log, which ends at position \d+, has (no event|event [-0-9a-f]{36})\. .*"voltrace subscriptions rebuild tally"$/,
      ) as unknown,
      lagSeconds: null,
      pending: null,
    });
    expect(await sum()).toBe(3);

    await fixture.rebuild('tally');
    await visible(position);
    expect(await sum()).toBe(50);
    expect(await status()).toMatchObject({ state: 'running', error: null, pending: 0 });
    await visible(await fixture.count(1));
    expect(await sum()).toBe(51);
  });

  it('goes on by itself when the right log is back', async () => {
    await fixture.runBuilt(projection);
    const { log } = fixture.node;
    await visible(await fixture.count(3));
    await fixture.node.replaceLog();
    await untilReplaced();
    await fixture.node.replaceLog(log);
    await until('it is live', async () => (await status()).state === 'running');
    expect(await status()).toMatchObject({ error: null });
    await visible(await fixture.count(2));
    expect(await sum()).toBe(5);
  });

  it('notices an older state of its log at the start, and an empty log takes a rebuild too', async () => {
    await fixture.runBuilt(projection);
    await visible(await fixture.count(3));
    const backup = await fixture.node.copyLog();
    await visible(await fixture.count(4));
    await fixture.stopRunners();
    await fixture.node.replaceLog(backup);
    await fixture.run(projection);
    await untilReplaced();
    await fixture.rebuild('tally');
    expect(await sum()).toBe(3);

    await fixture.node.replaceLog();
    await untilReplaced();
    await fixture.rebuild('tally');
    expect(await sum()).toBe(0);
    await visible(await fixture.count(2));
    expect(await sum()).toBe(2);
  });

  it('builds anew what was only half built from the other log', async () => {
    await fixture.runBuilt(projection);
    await visible(await fixture.count(1_500));
    await fixture.stopRunners();
    await fixture.request('rebuild', 'tally');
    let saves = 0;
    const failsHalfWay = tally({
      afterSave: () => {
        saves += 1;
        const refused = Object.assign(new Error('stopped by the test'), { code: '57014' });
        return saves === 1 ? Promise.resolve() : Promise.reject(refused);
      },
    });
    await fixture.run(failsHalfWay);
    await until('it is half built', () => saves > 1);
    await fixture.stopRunners();
    expect((await status()).build).toMatchObject({ events: 1_000 });
    await fixture.node.replaceLog();
    await fixture.count(5);
    await fixture.run(projection);
    await untilReplaced();
    await fixture.rebuild('tally');
    expect(await sum()).toBe(5);
    expect(await status()).toMatchObject({ state: 'running', build: null });
  });

  it('is not stopped by a lost connection, nor by a rebuild, and reads its anchor once for each', async () => {
    await fixture.runBuilt(projection);
    await visible(await fixture.count(3));
    let reads = 0;
    const idAt = fixture.log.idAt.bind(fixture.log);
    fixture.log.idAt = async (position) => {
      const id = await idAt(position);
      reads += 1;
      return id;
    };
    await visible(await fixture.count(500));
    expect(reads).toBe(0);
    const before = fixture.log.epoch;
    await fixture.node.restart();
    await until('it is noticed', () => fixture.log.epoch > before);
    await visible(await fixture.count(2));
    // One of the tail, one of the projection.
    expect(reads).toBeLessThanOrEqual(2 * (fixture.log.epoch - before));
    await fixture.rebuild('tally');
    expect(await sum()).toBe(505);
    expect(await status()).toMatchObject({ state: 'running', error: null });
  });

  it('is not told of by a subscription that is opened and ended beside another', async () => {
    await fixture.runBuilt(projection);
    await visible(await fixture.count(1));
    const before = fixture.log.epoch;
    const beside = fixture.log.subscribeToAll(undefined, () => undefined);
    beside.stop();
    await beside.ended;
    expect(fixture.log.epoch).toBe(before);
  });

  it('counts as checked when every anchor is there, and not before', async () => {
    const from = async () => {
      const position = await fixture.count(1);
      return { position, id: await fixture.log.idAt(position) };
    };
    const anchors = [await from(), await from()];
    const check = new LogCheck(fixture.log, { name: 'a test', cure: 'none' });
    const current: boolean[] = [];
    const idAt = fixture.log.idAt.bind(fixture.log);
    fixture.log.idAt = (position) => {
      current.push(check.isCurrent);
      return idAt(position);
    };
    await check.run(anchors);
    expect([...current, check.isCurrent]).toEqual([false, false, true]);
  });

  it('takes an anchor at the first event where a checkpoint has none, and notices a shorter log without', async () => {
    await fixture.runBuilt(projection);
    await visible(await fixture.count(30));
    await fixture.stopRunners();
    const forget =
      'update subscription.checkpoint set anchor_commit = null, anchor_prepare = null, anchor_id = null';
    await fixture.store.pool.query(forget);
    await fixture.run(projection);
    await visible(await fixture.count(1));
    expect(await fixture.value('select anchor_id is not null from subscription.checkpoint')).toBe(
      true,
    );
    await fixture.stopRunners();
    await fixture.store.pool.query(forget);
    await fixture.node.replaceLog();
    await fixture.count(1);
    await fixture.run(projection);
    await untilReplaced();
    await fixture.rebuild('tally');
    expect(await sum()).toBe(1);
  });
});
