import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { wallNow } from '#kernel/wall-clock.js';
import { runCtl } from '#testing/standalone.js';
import { eventually, until } from '#testing/until.js';

import { experimentIn, LabSystem, type Station } from './lab-system.js';

type Row = Readonly<Record<string, unknown>>;

const speed = 50;
let lab: LabSystem;
let station: Station;
beforeAll(async () => {
  lab = await LabSystem.start();
  station = await lab.newStation({ SIM_SPEED: String(speed) });
}, 120_000);
afterAll(() => lab.stop());

const charge = (timeS: number) => ({ do: 'cc', currentA: 1, until: [{ timeS }] });
const command = (id: string, what: string) =>
  lab.post(`/v1/experiments/${id}/${what}`, { reason: 'as tested' });
const onBoard = async (id: string): Promise<Row | undefined> => {
  const items = (await lab.get('/v1/station-board'))['items'] as readonly Row[];
  return items.find((one) => one['id'] === id);
};

/** Follows the board until the reader is closed. */
const following = async (query: string, headers: Readonly<Record<string, string>> = {}) => {
  const { url, key } = lab.api;
  const stopping = new AbortController();
  const response = await fetch(`${url}/v1/station-board/live${query}`, {
    headers: { authorization: `Bearer ${key}`, ...headers },
    signal: stopping.signal,
  });
  expect(response.status).toBe(200);
  const seen: { readonly id: string; readonly at: number; readonly station: Row }[] = [];
  void (async () => {
    let rest = '';
    for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + piece).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const [, id = ''] = /^id: (.*)$/m.exec(block) ?? [];
        const [, data] = /^data: (.*)$/m.exec(block) ?? [];
        if (data) seen.push({ id, at: wallNow(), station: JSON.parse(data) as Row });
      }
    }
  })().catch(() => undefined);
  return { seen, stop: () => stopping.abort() };
};

describe('the board of stations', () => {
  it('shows what runs with its step and newest record, what is alarming and what waits, as it goes on', async () => {
    await eventually(async () => {
      expect(await onBoard(station.id)).toMatchObject({
        ...{ unit: { id: station.unitId, isOnline: true }, experiment: null, alarms: [] },
        queue: { length: 0, next: null },
      });
    });
    const began = wallNow();
    const feed = await following(`?stationId=${station.id}`);
    const id = await station.queue({ steps: [charge(60 * speed)] });
    const next = await station.queue({ steps: [charge(10)] });
    await experimentIn(lab, id, ['running']);
    await eventually(async () => {
      const shown = await onBoard(station.id);
      expect(shown).toMatchObject({
        experiment: {
          ...{ id, status: 'running', output: 'on' },
          step: { stepCount: 1, stepId: 1, sentence: 'Charge at 1 A for 50 min' },
          latest: { voltageV: expect.any(Number), temperatureC: expect.any(Number) },
        },
        queue: { length: 1, next: { id: next, name: 'test' } },
      });
      const { latest, step } = shown?.['experiment'] as Record<string, Record<string, number>>;
      expect(latest?.['currentA']).toBeCloseTo(1, 1);
      expect(step?.['elapsedS']).toBeGreaterThan(0);
    });
    const testTimes = () =>
      feed.seen.flatMap(({ station: { experiment } }) => {
        const { latest } = (experiment ?? {}) as { latest?: { testTimeS: number } | null };
        return latest?.testTimeS ?? [];
      });
    await until('some records were shown', () => new Set(testTimes()).size > 3);
    expect(testTimes()).toEqual(testTimes().toSorted((one, other) => one - other));
    // Twice a second at most, however busy this machine is.
    expect(feed.seen.length).toBeLessThanOrEqual(2 + (wallNow() - began) / 500);
    feed.stop();
    // Who comes back is shown what has changed since.
    const last = feed.seen.at(-1)!;
    await station.inject({ fault: 'trip' });
    await experimentIn(lab, id, ['tripped']);
    const resumed = await following('', { 'last-event-id': last.id });
    await eventually(() => {
      expect(resumed.seen.at(-1)?.station).toMatchObject({
        ...{ id: station.id, experiment: { status: 'tripped', output: 'off' } },
        alarms: [{ experimentId: id, kind: 'safetyTrip', isAcknowledged: false }],
      });
      return Promise.resolve();
    });
    resumed.stop();
    await command(id, 'abort');
    await experimentIn(lab, next, ['completed']);
    await eventually(async () => {
      expect(await onBoard(station.id)).toMatchObject({ experiment: null, alarms: [] });
    });
  }, 120_000);

  it('is printed, and an experiment is watched line by line where there is no terminal', async () => {
    const ctl = (...args: string[]) => runCtl(lab.voltrace.dataDir, ['lab', ...args]);
    const id = await station.queue({ steps: [charge(20 * speed)] });
    await experimentIn(lab, id, ['running']);
    const board = await ctl('board');
    expect(board.stdout).toContain('station of');
    expect(board.stdout).toContain('1. Charge at 1 A for');
    const watched = await ctl('experiments', 'watch', id);
    expect(watched.stdout).toMatch(/^running {2}step 1 .*\ncompleted\n$/);
    expect(watched.exitCode).toBe(0);
    // Names repeat: the ids tell them apart.
    const named = await ctl('experiments', 'show', 'test');
    expect(named.exitCode).toBe(1);
    expect(named.stderr).toContain(id);
    const found = await ctl('units', 'detected', station.unitId);
    expect(found.exitCode).toBe(0);
  }, 60_000);

  it('refuses what it does not know', async () => {
    expect((await lab.api.get('/v1/station-board?name=x')).status).toBe(400);
    expect((await lab.api.get('/v1/station-board/live?stationId=x')).status).toBe(400);
    expect((await lab.api.get('/v1/station-board/live?from=999999999999')).status).toBe(400);
  });
});

describe('what a unit finds', () => {
  it('attaches the registered devices over the link', async () => {
    const { requestId } = await lab.post(`/v1/units/${station.unitId}/request-detection`);
    await eventually(async () => {
      const unit = await lab.get(`/v1/units/${station.unitId}`);
      expect(unit['detected']).toMatchObject({ requestId });
    });
    const path = `/v1/units/${station.unitId}/detected-devices`;
    const [found] = (await lab.get(path))['items'] as readonly Row[];
    expect(await lab.get(`/v1/cycler-devices/${String(found?.['deviceId'])}`)).toMatchObject({
      attached: { unitId: station.unitId, linkName: 'output-1' },
    });
  });
});

describe('an experiment that is aborted', () => {
  it('has ended when its unit says, by the clock of the unit', async () => {
    const id = await station.queue({ steps: [charge(60 * speed)] });
    await experimentIn(lab, id, ['running']);
    await sleep(1_000);
    await command(id, 'pause');
    await experimentIn(lab, id, ['paused']);
    await command(id, 'abort');
    const { startedAt, endedAt, testTimeS } = await experimentIn(lab, id, ['aborted']);
    expect(Date.parse(String(endedAt)) - Date.parse(String(startedAt))).toBe(
      Math.round(Number(testTimeS) * 1_000),
    );
    // Of the test, which runs faster than we do, and a month ago.
    expect(Number(testTimeS)).toBeGreaterThan(speed / 2);
    expect(wallNow() - Date.parse(String(endedAt))).toBeGreaterThan(20 * 86_400_000);
  }, 60_000);

  it('is over as soon as its unit is back, however long that was away', async () => {
    const id = await station.queue({ steps: [charge(600 * speed)] });
    await experimentIn(lab, id, ['running']);
    await station.killUnit();
    // Nor has the broker anything for it any more.
    lab.kill('mqtt-broker');
    await command(id, 'abort');
    await sleep(9_000);
    await lab.isBack('mqtt-broker');
    // It is told after 8 s, and after 16 s the next time.
    await station.startUnit();
    const back = wallNow();
    await experimentIn(lab, id, ['aborted']);
    expect(wallNow() - back).toBeLessThan(4_000);
  }, 60_000);
});
