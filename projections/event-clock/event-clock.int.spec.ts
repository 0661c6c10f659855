import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Position } from '#event-log/event-log.js';
import { positionAt, resolveMoment } from '#resource/event-clock.js';
import { appendCounted, Fixture } from '#subscription/projection/test/fixture.js';

import { eventClock } from './event-clock.projection.js';

describe('a moment of the log', () => {
  let fixture: Fixture;

  /** Waits for the clock, which says so after two seconds when it is not there yet. */
  const patiently = async (moment: Date): Promise<Position | undefined> => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await positionAt(fixture.store, fixture.log, moment);
      } catch (error) {
        if (tries === 15) throw error;
        expect(error).toMatchObject({ code: 'NOT_YET_VISIBLE' });
      }
    }
  };

  beforeEach(async () => {
    fixture = await Fixture.start();
  });

  afterEach(async () => {
    await fixture.stop();
  });

  it('is refused as unavailable while the clock is not built', async () => {
    await expect(positionAt(fixture.store, fixture.log, new Date())).rejects.toMatchObject({
      code: 'PROJECTION_BUILDING',
      kind: 'unavailable',
    });
  });

  it('is the last event that was written by then', async () => {
    await fixture.runBuilt(eventClock);
    const times: Date[] = [new Date()];
    const positions: (bigint | undefined)[] = [undefined];
    for (let step = 0; step < 5; step += 1) {
      await sleep(5);
      positions.push((await fixture.count(3)).commit);
      await sleep(5);
      times.push(new Date());
    }
    for (const [index, time] of times.entries()) {
      // The first answers come before the projection is level: they wait for it.
      const position = await patiently(time);
      expect(position?.commit).toBe(positions[index]);
    }
  });

  it('is nothing on an empty log, and now includes everything that was acknowledged', async () => {
    await fixture.runBuilt(eventClock);
    expect(await patiently(new Date())).toBeUndefined();
    const position = await appendCounted(fixture.log, 1);
    await sleep(2);
    expect(await patiently(new Date())).toEqual(position);
  });

  it('that is not over yet is refused, a position is taken as given', async () => {
    await fixture.runBuilt(eventClock);
    const tomorrow = new Date(Date.now() + 86_400_000);
    await expect(positionAt(fixture.store, fixture.log, tomorrow)).rejects.toMatchObject({
      code: 'AS_OF_INVALID',
      details: {
        errors: [{ pointer: '?asOf', reason: 'expected a time that is not in the future' }],
      },
    });
    await fixture.count(1);
    const position = await fixture.log.head();
    if (!position) throw new Error('nothing was appended');
    expect(await resolveMoment(fixture.store, fixture.log, { position })).toBe(position);
    const beyond = { commit: position.commit + 1_000_000n, prepare: position.commit + 1_000_000n };
    await expect(
      resolveMoment(fixture.store, fixture.log, { position: beyond }),
    ).rejects.toMatchObject({ code: 'AS_OF_INVALID' });
  });

  it('is refused for now when the clock does not get there', async () => {
    const runner = await fixture.runBuilt(eventClock);
    await fixture.count(1);
    await patiently(new Date());
    await runner.stop();
    await fixture.count(1);
    await expect(positionAt(fixture.store, fixture.log, new Date())).rejects.toMatchObject({
      code: 'NOT_YET_VISIBLE',
      details: { retryAfterSeconds: 1 },
    });
  });
});
