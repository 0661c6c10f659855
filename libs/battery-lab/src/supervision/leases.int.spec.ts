import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { until } from '#testing/until.js';

import { experimentStream } from '../experiment/events.js';
import {
  assigned,
  confirmed,
  examples,
  issued,
  off,
  queued,
  running,
  tripped,
} from '../experiment/experiment.fixture.js';
import { cyclerSamplesIdOf, cyclerSamplesStream } from '../samples/events.js';
import { topics } from './grants.js';
import { SupervisedLab } from './supervision.fixture.js';

let lab: SupervisedLab;
beforeAll(async () => {
  lab = await SupervisedLab.start();
});
afterAll(() => lab.stop());
beforeEach(() => lab.begin());

/** Ample for some polls. */
const aWhileMs = 1_500;
const hasLease = (id: string) => until('it has a lease', () => lab.hasLease(id));
/** Whether it gets one while another one does. */
const getsLease = async (id: string): Promise<boolean> => {
  await lab.forgetLeases();
  await hasLease(await lab.experiment());
  await sleep(aWhileMs);
  return lab.hasLease(id);
};

describe('a lease', () => {
  it('is granted to the unit of what runs, and renewed', async () => {
    const id = await lab.experiment();
    lab.poll();
    await hasLease(id);
    await lab.forgetLeases();
    await hasLease(id);
  });

  it.each([
    ['is ending', [examples.ExperimentEnding]],
    ['is tripped', [tripped]],
    ['is tripped with its output off', [tripped, off]],
    ['is paused', [examples.ExperimentPaused]],
  ])('is not granted to the unit of what %s, whatever comes of it', async (_, events) => {
    const id = await lab.experiment();
    await lab.add(id, ...events);
    lab.poll();
    expect(await getsLease(id)).toBe(false);
    await lab.see(id);
    expect(await lab.hasLease(id)).toBe(false);
  });

  it('is granted while the start is not answered', async () => {
    const id = await lab.experiment([queued, assigned, ...confirmed, issued('start')]);
    lab.poll();
    await hasLease(id);
  });

  it.each([
    ['behind', 15],
    ['not following', undefined],
  ])('is not granted by who is %s', async (_, unseenS) => {
    const id = await lab.experiment();
    lab.unseen[topics.experiments] = unseenS;
    lab.poll();
    await sleep(aWhileMs);
    expect(await lab.hasLease(id)).toBe(false);
    lab.unseen[topics.experiments] = 14;
    await hasLease(id);
  });

  it('is not granted while the records are not followed', async () => {
    const id = await lab.experiment();
    lab.unseen[topics.samples] = 3_600;
    lab.poll();
    await sleep(aWhileMs);
    expect(await lab.hasLease(id)).toBe(false);
  });

  it('is not granted where others follow it, though they are not behind', async () => {
    const id = await lab.experiment();
    lab.unseen[experimentStream(id)] = undefined;
    lab.poll();
    expect(await getsLease(id)).toBe(false);
  });

  it('is not renewed for what nobody hears of, nor ended by who may not have seen it', async () => {
    await lab.begin({ silentS: 1 });
    const id = await lab.experiment();
    lab.unseen[id] = undefined;
    lab.poll();
    await hasLease(id);
    await sleep(1_000);
    await lab.forgetLeases();
    await sleep(aWhileMs);
    expect(await lab.hasLease(id)).toBe(false);
    expect(await lab.tripsOf(id)).toEqual([]);
    await lab.records(id, [1]);
    await hasLease(id);
  });

  it('comes before the start, which waits until somebody follows', async () => {
    lab.unseen[topics.experiments] = undefined;
    const id = await lab.experiment([queued, assigned, ...confirmed]);
    const kinds = async () =>
      (await lab.eventsOf(id)).flatMap((one) =>
        one.type === 'InstructionIssued' ? [one.data.kind] : [],
      );
    expect(await kinds()).toEqual(['confirm-limits']);
    lab.unseen[topics.experiments] = 0;
    lab.poll();
    await until('it is told to start', async () => (await kinds()).includes('start'));
    expect(await lab.hasLease(id)).toBe(true);
  });

  it.each([
    ['of it', experimentStream],
    ['of its records', (id: string) => cyclerSamplesStream(cyclerSamplesIdOf(id, '2026-05-04'))],
  ])('is not granted while facts %s are parked', async (_, streamOf) => {
    const id = await lab.experiment();
    await lab.fixture.store.pool.query(
      `insert into subscription.parked (subscription, scope, event_id, key, record_offset, attempts)
       values ('cycler-control', 'topic', $1, $2, 0, 5)`,
      [id, streamOf(id)],
    );
    lab.poll();
    expect(await getsLease(id)).toBe(false);
  });

  it('is not granted to what cannot be looked at, and the others go on', async () => {
    const id = await lab.experiment([...running, issued('pause')]);
    await lab.spoil(id);
    const paused = await lab.experiment([...running, issued('pause')]);
    lab.poll();
    const repeats = async () =>
      (await lab.eventsOf(paused)).filter(({ type }) => type === 'InstructionRepeated').length;
    await until('the other one is told again', async () => (await repeats()) > 1);
    expect(await getsLease(id)).toBe(false);
  });
});
