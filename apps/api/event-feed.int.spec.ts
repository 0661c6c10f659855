import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EsdbEventLog } from '#event-log/esdb.js';
import { LogTail } from '#event-log/log-tail.js';
import { ndjsonLines } from '#http/export.js';
import { exampleEvents } from '#kernel/event-types.js';
import { samplesEvents, samplesStream } from '#telemetry/samples/events.js';
import { retiredCategories } from '#test/contracts/retired-categories.js';
import { newEvent } from '#testing/new-event.js';
import { startTestNode, type TestNode } from '#testing/test-node.js';

import { live, replay } from './event-feed.js';
import { shownSamples } from './samples-feed.js';

let node: TestNode;
let log: EsdbEventLog;
beforeAll(async () => {
  node = await startTestNode();
  log = EsdbEventLog.connect(node.url);
});
afterAll(async () => {
  await log.close();
  await node.stop();
});

/** One event of a program that is not ours, for each data. */
const foreign = (...data: unknown[]) =>
  log.append(
    `foreign-${randomUUID()}`,
    data.map((each) => ({
      id: randomUUID(),
      type: 'Noted',
      data: each as Record<string, unknown>,
      metadata: {} as never,
    })),
    'no_stream',
  );

describe('the replay', () => {
  it('shows what others wrote, whatever JSON it is', async () => {
    const written = [null, 'text', 7, true, [1], { secretSha256: 'x', kept: 1 }];
    await foreign(...written);
    const shown: unknown[] = [];
    const times: unknown[] = [];
    for await (const line of replay(log, { types: ['Noted'] })) {
      if (typeof line !== 'object' || !('data' in line)) continue;
      shown.push(line.data);
      times.push('recordedAt' in line ? line.recordedAt : undefined);
    }
    // The time is the log's, whatever the writer stored.
    const { events } = await log.readAll({ limit: 100 });
    const noted = events.filter(({ type }) => type === 'Noted');
    expect(times).toEqual(noted.map(({ created }) => created.toISOString()));
    expect(shown).toEqual([...written.slice(0, -1), { secretSha256: '[redacted]', kept: 1 }]);
  });

  it('shows what earlier versions stored of categories that nobody decides on any more', async () => {
    for (const { category, stored } of retiredCategories) {
      const events = stored.map(({ type, data }) => newEvent(type, data));
      await log.append(`${category}-1`, events, 'no_stream');
      const shown: object[] = [];
      for await (const line of replay(log, { categories: [category] })) {
        if (typeof line === 'object' && 'type' in line) shown.push(line);
      }
      expect(shown).toMatchObject(stored);
      expect(shown).toHaveLength(stored.length);
    }
  });
});

describe('a replay in which nothing passes', () => {
  it('says so between the pages, and is whole all the same', async () => {
    for (let i = 0; i < 3; i += 1) await foreign(...Array.from({ length: 400 }, () => 1));
    const lines: string[] = [];
    const rows = replay(log, { types: ['Rare'] }, { quietMs: 0 });
    for await (const line of ndjsonLines(rows)) lines.push(line);
    const beats = lines.slice(0, -1);
    expect(beats.length).toBeGreaterThan(1);
    expect(new Set(beats)).toEqual(new Set(['\n']));
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ atEnd: true });
  });
});

describe('the live feed', () => {
  it('ends within a second of being told so, however much there is to show', async () => {
    const { position } = await foreign({});
    await foreign(1, 2, 3);
    let isAllowed = true;
    const feed = live(log, new LogTail(log), {
      filter: {},
      from: position,
      signal: new AbortController().signal,
      stillAllowed: () => (isAllowed ? Promise.resolve() : Promise.reject(new Error('revoked'))),
    });
    expect((await feed.next()).value).toBe('retry: 2000\n\n');
    expect((await feed.next()).value).toContain('"data":1');
    isAllowed = false;
    await sleep(1_050);
    await expect(feed.next()).rejects.toThrow('revoked');
  });

  it('of a device shows its samples of the series that are wanted, once it is known what became of them', async () => {
    const { SamplesRecorded: recorded } = exampleEvents(samplesEvents);
    const { position } = await foreign({});
    const append = (device: string) =>
      log.append(
        samplesStream(device, '2026-05-04'),
        [newEvent(recorded.type, recorded.data)],
        'no_stream',
      );
    await append('other');
    await append('mine');
    const answers = [undefined, ['conflict'] as const];
    const feed = live(log, new LogTail(log), {
      ...{
        filter: { categories: ['samples'] },
        from: position,
        show: shownSamples('mine', ['A.EV'], () => Promise.resolve(answers.shift())),
      },
      signal: new AbortController().signal,
      stillAllowed: () => Promise.resolve(),
    });
    await feed.next();
    expect((await feed.next()).value).toBe(': \n\n');
    const shown = String((await feed.next()).value);
    expect(JSON.parse(shown.slice(shown.indexOf('data: ') + 6))).toEqual({
      samples: [
        {
          ...{ series: 'A.EV', at: '2026-05-04T11:00:04.000Z', value: 0, quality: 'good' },
          outcome: 'conflict',
        },
      ],
    });
  });
});
