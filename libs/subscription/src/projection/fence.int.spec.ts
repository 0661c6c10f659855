import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Position, StoredEvent } from '#event-log/event-log.js';
import { Lease } from '#read-store/lease.js';
import { quiet } from '#testing/quiet.js';

import { itemOf } from '../log-scope.js';
import type { Scope } from '../source.js';
import { type Counts, handleStep, sortStep } from '../step.js';
import { ProjectionFollower } from './projection-follower.js';
import { Fixture } from './test/fixture.js';
import { tally } from './test/tally.js';
import { waitForPosition } from './wait-for-position.js';

const fenced = 'the checkpoint is not where this batch begins';

describe('the checkpoint', () => {
  let fixture: Fixture;
  const projection = tally();
  /** Handles the events as a runner does that believes the checkpoint to be at `from`. */
  const handle = (
    from: Position | undefined,
    events: readonly StoredEvent[],
    state: Scope['state'] = 'running',
  ): Promise<Counts> => {
    const { store, log } = fixture;
    const lease = new Lease(store.url, quiet);
    const follower = new ProjectionFollower(projection, { store, log, lease, logger: quiet });
    const own = { subscription: 'tally', source: 'log', scope: 'build-1', partition: 0 } as const;
    const at = { nextOffset: from?.commit ?? 0n, position: from, recordOffset: undefined };
    const items = events.map((event) => itemOf(event, event));
    const position = events.at(-1)?.position ?? { commit: 0n, prepare: 0n };
    const through = { nextOffset: position.commit, position, anchor: events.at(-1) };
    const step = sortStep(at, { items, count: items.length, through });
    const context = { store, follower, own, state };
    return handleStep(context, at, step, new AbortController().signal);
  };

  beforeEach(async () => {
    fixture = await Fixture.start();
    const runner = await fixture.run(projection);
    await waitForPosition(fixture.store, tally(), await fixture.count(10), { timeoutMs: 20_000 });
    await runner.stop();
    await fixture.count(10);
  });

  afterEach(async () => {
    await fixture.stop();
  });

  const sum = async (): Promise<number> =>
    Number(await fixture.value('select sum(sum) from tally_v1.total'));

  it('lets a batch be applied once: the same again, an old one and one too far are fenced', async () => {
    const { events } = await fixture.log.readAll({ limit: 100 });
    const at = events[9]?.position;
    const next = events.slice(10);
    await expect(handle(undefined, events)).rejects.toThrow(fenced);
    await expect(handle(events[10]?.position, next.slice(1))).rejects.toThrow(fenced);
    expect(await handle(at, next)).toMatchObject({ done: 10 });
    await expect(handle(at, next)).rejects.toThrow(fenced);
    expect(await sum()).toBe(20);
  });

  it('lets one of two runners through that apply the same batch at once', async () => {
    const { events } = await fixture.log.readAll({ limit: 100 });
    const at = events[9]?.position;
    const attempts = Array.from({ length: 8 }, () =>
      handle(at, events.slice(10)).then(
        () => 'applied',
        (error: unknown) => String(error),
      ),
    );
    const outcomes = await Promise.all(attempts);
    expect(outcomes.filter((outcome) => outcome === 'applied')).toHaveLength(1);
    expect(await sum()).toBe(20);
  });

  it('is kept for the build that it belongs to: a build that is no longer the active one is fenced', async () => {
    const { events } = await fixture.log.readAll({ limit: 100 });
    await expect(handle(events[9]?.position, events.slice(10), 'building')).rejects.toThrow(fenced);
  });

  it('tells those who wait when a position is not reached in time', async () => {
    const { events } = await fixture.log.readAll({ limit: 100 });
    const head = events.at(-1)?.position;
    if (!head) throw new Error('the log is empty');
    let reached = 0;
    const waiting = Promise.all(
      Array.from({ length: 50 }, () =>
        waitForPosition(fixture.store, tally(), head, { timeoutMs: 30_000 }).then(() => {
          reached += 1;
        }),
      ),
    );
    // Each waits for as long as it was told, whoever waits beside it.
    await expect(
      waitForPosition(fixture.store, tally(), head, { timeoutMs: 200 }),
    ).rejects.toMatchObject({ code: 'NOT_YET_VISIBLE', kind: 'unavailable' });
    expect(reached).toBe(0);
    await fixture.run(projection);
    await waiting;
    expect(await sum()).toBe(20);
  });
});
