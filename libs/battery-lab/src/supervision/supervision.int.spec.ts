import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { exampleEvents } from '#kernel/event-types.js';
import { newEvent } from '#testing/new-event.js';
import { until } from '#testing/until.js';

import { cyclerDeviceEvents } from '../device/events.js';
import {
  acknowledged,
  examples,
  issued,
  offAt,
  running,
  tripped,
} from '../experiment/experiment.fixture.js';
import { type Attended, forgetAttended, keepAttended, updateAttended } from './attended.js';
import { topics } from './grants.js';
import { SupervisedLab } from './supervision.fixture.js';

let lab: SupervisedLab;
beforeAll(async () => {
  lab = await SupervisedLab.start();
});
afterAll(() => lab.stop());

/** Ends what has no records for a second, after the first one. */
const silent = { silentS: 1 };
const isTripped = (id: string) =>
  until('it is tripped', async () => (await lab.tripsOf(id)).length > 0);
/** Brings records every 100 ms, each taken so many seconds ago. */
const bring = async (id: string, ages: readonly number[]): Promise<void> => {
  for (const [index, age] of ages.entries()) {
    await lab.records(id, [index], 4, age);
    await sleep(100);
  }
};
const many = (count: number, ageOf: (index: number) => number) =>
  Array.from({ length: count }, (_, index) => ageOf(index));

describe('silence', () => {
  beforeEach(() => lab.begin(silent));

  it('ends what runs, and tells its unit to switch off', async () => {
    const id = await lab.experiment();
    lab.poll();
    await isTripped(id);
    expect(await lab.tripsOf(id)).toEqual(['communication']);
    await until('it is told to switch off', async () =>
      (await lab.eventsOf(id)).some(
        (event) => event.type === 'InstructionIssued' && event.data.kind === 'output-off',
      ),
    );
  });

  it('is none where what was published is not seen', async () => {
    const id = await lab.experiment();
    lab.unseen[topics.samples] = 30;
    lab.poll();
    await sleep(2_500);
    expect(await lab.tripsOf(id)).toEqual([]);
    lab.unseen[topics.samples] = undefined;
    await sleep(1_000);
    expect(await lab.tripsOf(id)).toEqual([]);
  });

  it('is judged by who follows the records of a unit, by nobody else', async () => {
    const [own, other] = [await lab.experiment(), await lab.experiment()];
    lab.unseen[other] = undefined;
    lab.poll();
    await isTripped(own);
    await sleep(500);
    expect(await lab.tripsOf(other)).toEqual([]);
    lab.unseen[other] = 0;
    await isTripped(other);
  });

  it.each([
    ['come as late as ever', () => 600],
    ['are of a clock that runs faster', (index: number) => 1e6 - 1_000 * index],
  ])('is none while records %s', async (_, ageOf) => {
    const id = await lab.experiment();
    lab.poll();
    await bring(id, many(30, ageOf));
    expect(await lab.tripsOf(id)).toEqual([]);
  });

  it('is what records are that come steadily but later than before', async () => {
    const id = await lab.experiment();
    lab.poll();
    await bring(
      id,
      many(40, (index) => (index < 5 ? 0 : 600)),
    );
    expect(await lab.tripsOf(id)).toEqual(['communication']);
  });

  it('of one is seen though another cannot be looked at', async () => {
    const bad = await lab.experiment();
    const id = await lab.experiment();
    await lab.spoil(bad);
    lab.poll();
    await isTripped(id);
  });
});

describe('a calibration', () => {
  beforeEach(() => lab.begin());

  const { CyclerDeviceRegistered, CyclerDeviceCalibrated } = exampleEvents(cyclerDeviceEvents);
  const device = async (...validUntil: readonly string[]): Promise<string> => {
    const id = randomUUID();
    const calibrations = validUntil.map((until) => ({
      ...CyclerDeviceCalibrated,
      data: { ...CyclerDeviceCalibrated.data, calibratedOn: '2020-01-01', validUntil: until },
    }));
    const events = [CyclerDeviceRegistered, ...calibrations];
    await lab.fixture.log.append(
      `cyclerDevice-${id}`,
      events.map(({ type, data }) => newEvent(type, data)),
      'no_stream',
    );
    return id;
  };
  const runningOn = (deviceId: string) =>
    lab.experiment(running, {
      devices: [{ deviceId, serialNumber: 'S' }],
      calibratedUntil: '2020-12-31',
    });

  it('that is over ends what runs', async () => {
    const id = await runningOn(await device('2020-12-31'));
    lab.poll();
    await isTripped(id);
    expect(await lab.tripsOf(id)).toEqual(['calibration']);
  });

  it('that was made while it runs lets it run on', async () => {
    const id = await runningOn(await device('2020-12-31', '2999-12-31'));
    lab.poll();
    await sleep(1_000);
    expect(await lab.tripsOf(id)).toEqual([]);
    expect(await lab.rowOf(id)).toMatchObject({ calibrated_until: '2999-12-31' });
  });
});

describe('records', () => {
  beforeEach(() => lab.begin());

  it('beyond a limit end what runs', async () => {
    const id = await lab.experiment();
    await lab.records(id, [10, 20], 4.3);
    expect(await lab.tripsOf(id)).toEqual(['voltage']);
  });

  it('from before its output was off end nothing that goes on since', async () => {
    const again = [
      ...[issued('reset-trip'), acknowledged('reset-trip'), examples.TripReset],
      ...[{ ...examples.ExperimentInterrupted, data: { ...examples.ExperimentInterrupted.data } }],
      ...[examples.ResumeRequested, issued('resume'), acknowledged('resume')],
      examples.ExperimentResumed,
    ];
    const id = await lab.experiment([...running, tripped, offAt, ...again]);
    const { testTimeS } = offAt.data;
    await lab.records(id, [10, testTimeS ?? 0], 4.3);
    expect(await lab.tripsOf(id)).toEqual([tripped.data.interlock]);
    await lab.records(id, [100, 110], 4.3);
    expect(await lab.tripsOf(id)).toEqual([tripped.data.interlock, 'voltage']);
  });

  it('of what has ended end nothing', async () => {
    const id = await lab.experiment();
    await lab.records(id, [1]);
    await lab.add(id, examples.ExperimentCompleted);
    await lab.records(id, [10, 20], 4.3);
    expect(await lab.tripsOf(id)).toEqual([]);
  });
});

describe('what is written down', () => {
  beforeEach(() => lab.begin());

  const attended = (experimentId: string, revision: bigint, isRunning: boolean): Attended => ({
    ...{ experimentId, revision, isRunning, unitId: experimentId, isTurningOn: false },
    ...{ calibratedUntil: null, dueInMs: undefined },
  });

  it('is of the newest revision that somebody saw', async () => {
    const { pool } = lab.fixture.store;
    const id = randomUUID();
    await keepAttended(pool, [attended(id, 7n, false)]);
    await updateAttended(pool, attended(id, 6n, true));
    await keepAttended(pool, [attended(id, 5n, true)]);
    expect(await lab.rowOf(id)).toMatchObject({ revision: 7, is_running: false });
    await updateAttended(pool, attended(id, 8n, true));
    expect(await lab.rowOf(id)).toMatchObject({ revision: 8, is_running: true });
  });

  it('does not come back when it has ended', async () => {
    const { pool } = lab.fixture.store;
    const id = randomUUID();
    await keepAttended(pool, [attended(id, 7n, true)]);
    await forgetAttended(pool, [id]);
    await updateAttended(pool, attended(id, 7n, true));
    expect(await lab.rowOf(id)).toBeUndefined();
  });

  it('passes a row over that another process holds, which may stand still', async () => {
    const { pool } = lab.fixture.store;
    const [held, other] = [randomUUID(), randomUUID()];
    await keepAttended(pool, [attended(held, 1n, false), attended(other, 1n, false)]);
    const frozen = await pool.connect();
    try {
      await frozen.query('begin');
      await updateAttended(frozen, attended(held, 2n, false));
      await Promise.all([
        updateAttended(pool, attended(held, 3n, true), 'passes'),
        forgetAttended(pool, [held, other], 'passes'),
      ]);
      expect(await lab.rowOf(other)).toBeUndefined();
    } finally {
      await frozen.query('rollback');
      frozen.release();
    }
    expect(await lab.rowOf(held)).toMatchObject({ revision: 1, is_running: false });
  });

  it('is deleted where it was written of what has ended since', async () => {
    await lab.begin(silent);
    const id = await lab.experiment([...running, examples.ExperimentCompleted]);
    await keepAttended(lab.fixture.store.pool, [attended(id, 1n, true)]);
    lab.poll();
    await until('it is deleted', async () => (await lab.rowOf(id)) === undefined);
  });

  it('is due by the clock of the store, whatever that of the process says', async () => {
    await lab.begin({ aheadMs: 600_000 });
    const id = await lab.experiment([...running, tripped]);
    const dueInS = Number((await lab.rowOf(id))?.['due_in_s']);
    expect(dueInS).toBeGreaterThan(0);
    expect(dueInS).toBeLessThan(2);
  });
});
