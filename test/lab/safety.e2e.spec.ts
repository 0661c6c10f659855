import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { wallNow } from '#kernel/wall-clock.js';
import { eventually } from '#testing/until.js';

import { experimentIn, LabSystem, type Station, type Witness } from './lab-system.js';

type Row = Readonly<Record<string, unknown>>;

/** A process that is killed is back before: its start takes some seconds where others keep the machine busy. */
const leaseMs = 15_000;
/** A process that others keep from running is late by so much. */
const lateMs = 1_500;
const speed = 50;

let lab: LabSystem;
beforeAll(async () => {
  lab = await LabSystem.start({ CYCLER_LEASE_SECONDS: String(leaseMs / 1_000) });
});
afterAll(() => lab.stop());

const newStation = () =>
  lab.newStation({ SIM_SPEED: String(speed), SIM_LEASE_MS: String(leaseMs) });

/** So many real seconds, as the unit's seconds. */
const real = (seconds: number) => seconds * speed;
const charge = (timeS: number) => ({ do: 'cc', currentA: 1, until: [{ timeS }] });
const discharge = (timeS: number) => ({ do: 'cc', currentA: -1, until: [{ timeS }] });

const command = (id: string, what: string) =>
  lab.post(`/v1/experiments/${id}/${what}`, { reason: 'as tested' });
const rows = async (path: string) => (await lab.get(path))['items'] as readonly Row[];
const eventsOf = async (id: string) => rows(`/v1/experiments/${id}/history?limit=500`);
const stepsOf = (id: string) => rows(`/v1/experiments/${id}/steps?limit=200`);

/** What the unit was told, in order. */
const instructionsOf = async (id: string) =>
  (await eventsOf(id))
    .filter(({ event }) => event === 'InstructionIssued')
    .map(({ changes }) => (changes as readonly Row[]).find(({ path }) => path === '/instruction'))
    .map((change) => change?.['to']);

const witnessOf = (station: Station, id: string): readonly Witness[] =>
  station.witness().filter(({ experiment }) => experiment === id);

/** The output is off in truth and on record. */
const isOff = (station: Station, id: string) =>
  eventually(async () => {
    const truth = witnessOf(station, id).at(-1);
    expect(truth).toMatchObject({ output: 'off', currentA: 0 });
    expect(await lab.get(`/v1/experiments/${id}`)).toMatchObject({ output: 'off' });
  });

const resumed = async (id: string) => {
  await command(id, 'resume');
  await experimentIn(lab, id, ['running', 'completed']);
};

// Beside each other: nothing here touches what they share.
describe.concurrent('a unit that trips', () => {
  const faults = [
    [
      'over-voltage',
      { fault: 'drift', sensor: 'voltageV', forS: real(1), perHour: 720 },
      /voltage/,
    ],
    [
      'under-voltage',
      { fault: 'drift', sensor: 'voltageV', forS: real(1), perHour: -1_440 },
      /voltage/,
    ],
    [
      'over-temperature',
      { fault: 'drift', sensor: 'temperatureC', forS: real(1), perHour: 36_000 },
      /temperature/,
    ],
    ['stuck sensor', { fault: 'stuck', sensor: 'voltageV', forS: real(2) }, /voltage/],
    ['over-current', { fault: 'regulation', factor: 10 }, /current/],
  ] as const;

  it('has its output off, raises an alarm, and goes on with the same step when it is reset', async () => {
    const station = await newStation();
    const id = await station.queue({
      steps: [charge(real(12)), { do: 'rest', until: [{ timeS: 10 }] }],
    });
    await experimentIn(lab, id, ['running']);
    for (const [index, [name, fault, quantity]] of faults.entries()) {
      const injected = wallNow();
      await station.inject(fault);
      const tripped = await experimentIn(lab, id, ['tripped', 'completed', 'interrupted']);
      expect(tripped, name).toMatchObject({ status: 'tripped', step: { stepCount: 1 } });
      expect(tripped['message'], name).toMatch(quantity);
      await isOff(station, id);
      const { wallMs } = witnessOf(station, id).at(-1)!;
      expect(wallMs - injected, name).toBeLessThan(2_000 + lateMs);
      await eventually(async () => {
        const alarms = await rows(`/v1/cycler-alarms?experimentId=${id}&kind=safetyTrip`);
        expect(alarms.filter(({ status }) => status === 'raised')).toHaveLength(1);
        expect(alarms).toHaveLength(index + 1);
      });
      // It does not go on by itself, nor when it is only told to.
      const { status } = await lab.api.post(`/v1/experiments/${id}/resume`, {});
      expect(status).toBe(409);
      await sleep(1_200);
      expect(witnessOf(station, id).at(-1)).toMatchObject({ output: 'off' });
      await station.inject({ fault: 'regulation', factor: 1 });
      await eventually(() => command(id, 'reset-trip'));
      await experimentIn(lab, id, ['interrupted']);
      await resumed(id);
    }
    await experimentIn(lab, id, ['completed']);
    const steps = await stepsOf(id);
    expect(steps).toMatchObject([
      { stepCount: 1, cause: 'time' },
      { stepCount: 2, cause: 'time' },
    ]);
    // The time of the step went on while the output was off: no charge, and no time of the program.
    const { startTestTimeS, endTestTimeS } = steps[0] as Record<string, number>;
    expect(Number(endTestTimeS) - Number(startTestTimeS)).toBeGreaterThan(real(12 + 5));
    const alarms = await rows(`/v1/cycler-alarms?experimentId=${id}&status=raised`);
    expect(alarms).toEqual([]);
    const truth = witnessOf(station, id);
    expect(truth.map(({ output }) => output)).toEqual(
      Array.from({ length: 12 }, (_, at) => (at % 2 === 0 ? 'on' : 'off')),
    );
  });
});

describe.concurrent('a unit without power', () => {
  it('has its experiment interrupted, which goes on with the step where it was', async () => {
    const station = await newStation();
    const id = await station.queue({
      steps: [charge(real(1)), discharge(real(5)), charge(real(1))],
    });
    await eventually(async () => {
      expect(await lab.get(`/v1/experiments/${id}`)).toMatchObject({ step: { stepCount: 2 } });
    });
    await sleep(1_000);
    await station.killUnit();
    await sleep(1_000);
    await station.startUnit();
    await experimentIn(lab, id, ['interrupted']);
    await eventually(async () => {
      const alarms = await rows(`/v1/cycler-alarms?experimentId=${id}&status=raised`);
      expect(alarms).toMatchObject([{ kind: 'unitLost' }]);
    });
    await isOff(station, id);
    await resumed(id);
    await experimentIn(lab, id, ['completed']);
    expect((await stepsOf(id)).map(({ stepCount, cause }) => [stepCount, cause])).toEqual([
      ...[
        [1, 'time'],
        [2, 'time'],
        [3, 'time'],
      ],
    ]);
    expect(await instructionsOf(id)).toEqual([
      ...['confirm-limits', 'start', 'confirm-limits', 'resume'],
    ]);

    // What is aborted while it has no power stays off when it is back, and leaves the station.
    const aborted = await station.queue({ steps: [charge(real(60))] });
    await experimentIn(lab, aborted, ['running']);
    await station.killUnit();
    await command(aborted, 'abort');
    await sleep(500);
    expect(await lab.get(`/v1/experiments/${aborted}`)).toMatchObject({ output: 'on' });
    await station.startUnit();
    await experimentIn(lab, aborted, ['aborted']);
    expect(witnessOf(station, aborted).map(({ output }) => output)).toEqual(['on', 'off']);
  });
});

describe.concurrent('an operator', () => {
  it('pauses, resumes and aborts; the station takes the next one, and one that its unit refuses when that takes it', async () => {
    const station = await newStation();
    // Longer than any wait: one that is slow to be seen must not end by itself.
    const program = { steps: [{ ...charge(real(600)), currentA: 0.1 }] };
    const [one, other] = [await station.queue(program), await station.queue(program)];
    await experimentIn(lab, one, ['running']);
    // Asked twice, as after a lost answer, it is one pause.
    const key = { 'idempotency-key': `pause-${one}` };
    for (const _ of [1, 2]) {
      const { status, text } = await lab.api.post(`/v1/experiments/${one}/pause`, {}, key);
      expect(status, text).toBe(200);
      await sleep(5);
    }
    await experimentIn(lab, one, ['paused']);
    await isOff(station, one);
    await resumed(one);
    expect(witnessOf(station, one).map(({ output }) => output)).toEqual(['on', 'off', 'on']);

    const aborted = wallNow();
    await command(one, 'abort');
    await experimentIn(lab, one, ['aborted']);
    const off = witnessOf(station, one).at(-1);
    expect(off).toMatchObject({ output: 'off' });
    expect(Number(off?.wallMs) - aborted).toBeLessThan(2_000);
    await experimentIn(lab, other, ['running']);
    expect(await instructionsOf(one)).toEqual([
      ...['confirm-limits', 'start', 'pause', 'confirm-limits', 'resume', 'stop'],
    ]);

    const [refused, next] = [await station.queue(program), await station.queue(program)];
    await command(other, 'abort');
    await experimentIn(lab, other, ['aborted']);
    await experimentIn(lab, refused, ['running']);
    await command(refused, 'abort');
    await experimentIn(lab, next, ['running']);
    await command(next, 'abort');
    await experimentIn(lab, next, ['aborted']);

    await station.inject({ fault: 'refusal', times: 1 }, {});
    const [third, last] = [await station.queue(program), await station.queue(program)];
    await eventually(async () => {
      const { held } = await lab.get(`/v1/experiments/${third}`);
      expect(held).toMatchObject({ reason: expect.stringContaining('does not take it') });
    });
    expect(witnessOf(station, third)).toEqual([]);
    await experimentIn(lab, third, ['running']);
    await command(third, 'abort');
    await experimentIn(lab, last, ['running']);
    await command(last, 'abort');
    await experimentIn(lab, last, ['aborted']);
    await isOff(station, last);
  });
});

describe('a killed process', () => {
  it('of the supervision changes nothing when it is short; else the unit makes safe within its lease', async () => {
    const station = await newStation();
    const id = await station.queue({ steps: [charge(real((2 * leaseMs) / 1_000 + 15))] });
    await experimentIn(lab, id, ['running']);
    lab.kill('cycler-control');
    await sleep(100);
    await lab.isBack('cycler-control');
    await sleep(leaseMs);
    expect(await lab.get(`/v1/experiments/${id}`)).toMatchObject({ status: 'running' });
    expect(witnessOf(station, id)).toHaveLength(1);

    const killed = wallNow();
    lab.kill('cycler-control');
    await sleep(100);
    await lab.isBack('cycler-control');
    // It is started again at once: the new one comes to nothing.
    lab.freeze('cycler-control');
    await sleep(leaseMs + lateMs - (wallNow() - killed));
    lab.kill('cycler-control');
    const off = witnessOf(station, id).at(-1);
    expect(off).toMatchObject({ output: 'off' });
    expect(Number(off?.wallMs) - killed).toBeLessThan(leaseMs + lateMs);
    await experimentIn(lab, id, ['interrupted']);
    await isOff(station, id);
    await resumed(id);
    await experimentIn(lab, id, ['completed']);
    expect(await stepsOf(id)).toMatchObject([{ stepCount: 1, cause: 'time' }]);
    expect(await instructionsOf(id)).toEqual([
      ...['confirm-limits', 'start', 'confirm-limits', 'resume'],
    ]);
  });

  it('of the broker or of the event store takes no step, and repeats none', async () => {
    const station = await newStation();
    const times = 8;
    const loop = [charge(real(0.5)), discharge(real(0.5))];
    const id = await station.queue({ steps: [{ loop, times }] });
    await experimentIn(lab, id, ['running']);
    // Where one is away for longer than the lease, an operator lets the experiment go on.
    let resumes = 0;
    const goesOn = async (): Promise<boolean> => {
      const { status } = await experimentIn(lab, id, ['running', 'completed', 'interrupted']);
      if (status === 'interrupted') {
        resumes += 1;
        await resumed(id);
      }
      return status !== 'completed';
    };
    for (const name of ['mqtt-broker', 'event-node']) {
      const before = (await stepsOf(id)).length;
      lab.kill(name);
      await eventually(async () => {
        expect(await goesOn()).toBe(true);
        expect((await stepsOf(id)).length).toBeGreaterThan(before + 1);
      });
    }
    while (await goesOn()) await sleep(100);
    const steps = await stepsOf(id);
    expect(steps.map(({ stepCount, cause }) => [stepCount, cause])).toEqual(
      Array.from({ length: 2 * times }, (_, at) => [at + 1, 'time']),
    );
    const again = Array.from({ length: resumes }, () => ['confirm-limits', 'resume']).flat();
    expect(await instructionsOf(id)).toEqual(['confirm-limits', 'start', ...again]);
    const events = (await eventsOf(id)).map(({ event }) => event);
    expect(events.filter((event) => event === 'ExperimentStarted')).toHaveLength(1);
  });
});
