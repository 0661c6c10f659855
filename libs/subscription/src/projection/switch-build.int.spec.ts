import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { EventLog } from '#event-log/event-log.js';
import { until } from '#testing/until.js';

import { ProjectionRunner } from './run-projections.js';
import { Fixture } from './test/fixture.js';
import { tally } from './test/tally.js';
import { waitForPosition } from './wait-for-position.js';

/** Milliseconds: longer than any test. */
const never = 600_000;

describe('a rebuild that catches up to the active build for the switch', () => {
  let fixture: Fixture;
  /** Feeds the active build, and never learns of the one beside it. */
  let live: ProjectionRunner;
  let builder: ProjectionRunner | undefined;
  let log: EventLog;
  const warned: string[] = [];

  beforeEach(async () => {
    fixture = await Fixture.start();
    const { store, tail } = fixture;
    live = new ProjectionRunner([tally()], { store, log: fixture.log, tail, pollMs: never });
    await live.start();
    await level(10);
    await fixture.request('rebuild', 'tally');
  });

  afterEach(async () => {
    await builder?.stop();
    await live.stop();
    warned.length = 0;
    await fixture.stop();
  });

  /** Events that the active build has applied. */
  const level = async (count: number): Promise<void> => {
    const last = await fixture.count(count);
    await waitForPosition(fixture.store, tally(), last, { timeoutMs: 20_000 });
  };

  /**
   * Rebuilds from the log as `fixture` has it, and runs `atEnd` when the build has read all, in
   * one batch: what is appended then has to be caught up. `inCatchUp` runs when that was read.
   */
  const build = async (
    next: ReturnType<typeof tally>,
    atEnd: () => Promise<void>,
    inCatchUp: () => Promise<void> = () => Promise.resolve(),
  ): Promise<void> => {
    let step: 'reading' | 'catching up' | 'done' = 'reading';
    log = Object.create(fixture.log, {
      readAll: {
        value: async (...asked: Parameters<EventLog['readAll']>) => {
          const page = await fixture.log.readAll(...asked);
          if (step === 'catching up' && page.events.length > 0) {
            step = 'done';
            await inCatchUp();
          } else if (step === 'reading' && page.atEnd) {
            step = 'catching up';
            await atEnd();
          }
          return page;
        },
      },
    }) as EventLog;
    const logger = {
      info: () => undefined,
      warn: (fields: object, message: string) => {
        const error = 'err' in fields ? String(fields.err) : '';
        warned.push(`${message}: ${error}`);
      },
      error: (_: object, message: string) => warned.push(message),
    };
    const { store, tail } = fixture;
    builder = new ProjectionRunner([next], { store, log, tail, pollMs: 100, logger });
    await builder.start();
  };

  const switched = async (): Promise<boolean> => (await fixture.activeBuild('tally')) === 2;
  const sum = async (): Promise<number> =>
    Number(await fixture.value('select sum(sum) from tally_v1.total'));

  it('leaves nothing out when the store fails on the way', async () => {
    let saves = 0;
    const next = tally({
      afterSave: async (client) => {
        saves += 1;
        // The first one is the build's own, the second one what it catches up.
        if (saves !== 2) return;
        // They come while the switch waits for its next try.
        await fixture.count(3);
        await client.query(`set local statement_timeout to '50ms'`);
        await client.query('select pg_sleep(10)');
      },
    });
    await build(next, () => level(5));
    await until('switched', switched);
    const last = await fixture.count(1);
    await waitForPosition(fixture.store, tally(), last, { timeoutMs: 20_000 });
    expect(warned).toEqual([expect.stringMatching('the subscription waits for a store')]);
    expect(await sum()).toBe(19);
  });

  it('starts over from the checkpoint when another runner moved it', async () => {
    const next = tally();
    await build(
      next,
      () => level(5),
      async () => {
        const { events } = await fixture.log.readAll({ limit: 100 });
        // The tenth one is the request to rebuild.
        const to = events[12]?.position.commit.toString();
        await fixture.rows(
          `with moved as (
             update subscription.checkpoint
                set next_offset = $1, commit_position = $1, prepare_position = $1
              where scope = 'build-2' returning 1)
           insert into tally__b2.total select 'tally-moved', 2 from moved`,
          [to],
        );
      },
    );
    await until('switched', switched);
    expect(await sum()).toBe(15);
    expect(warned[0]).toMatch('the checkpoint is not where the batch begins');
  });

  it('does not wait for a moment in which nothing comes', async () => {
    let appended = 10;
    log = Object.create(fixture.log, {
      readAll: {
        value: async (...asked: Parameters<EventLog['readAll']>) => {
          const page = await fixture.log.readAll(...asked);
          appended += 1;
          await fixture.count(1);
          return page;
        },
      },
    }) as EventLog;
    const next = tally();
    const { store, tail } = fixture;
    builder = new ProjectionRunner([next], { store, log, tail, pollMs: 100 });
    await builder.start();
    await until('switched', switched);
    await builder.stop();
    await fixture.run(next);
    appended += 1;
    const last = await fixture.count(1);
    await waitForPosition(fixture.store, tally(), last, { timeoutMs: 20_000 });
    expect(await sum()).toBe(appended);
  });
});
