import { expect, it } from 'vitest';

import { Refusal } from '#kernel/refusal.js';

import { type IntakeCount, IntakeCounts } from './intake-counts.js';

it('keeps what cannot be recorded for the next time, under the same command, and counts on beside it', async () => {
  const counts = new IntakeCounts(() => Date.UTC(2026, 4, 4, 11));
  const tried: IntakeCount[] = [];
  counts.duplicate('a', 2);
  counts.reject('a', 'FOREIGN_TOPIC');
  await counts.flush((count) => {
    tried.push(count);
    return Promise.reject(new Error('the log does not answer'));
  });
  counts.duplicate('a', 1);
  const recorded: IntakeCount[] = [];
  const record = (count: IntakeCount): Promise<void> => {
    recorded.push(count);
    return Promise.resolve();
  };
  await counts.flush(record);
  await counts.flush(record);
  expect(recorded.map(({ duplicates, rejected }) => [duplicates, rejected])).toEqual([
    ...[
      [2, 1],
      [1, 0],
    ],
  ]);
  expect(recorded[0]?.commandId).toBe(tried[0]?.commandId);
  expect(recorded[1]?.commandId).not.toBe(tried[0]?.commandId);
});

it('tries none of the others while the log takes nothing, and loses none of them', async () => {
  const counts = new IntakeCounts(() => Date.UTC(2026, 4, 4, 11));
  const devices = ['a', 'b', 'c'];
  for (const device of devices) counts.duplicate(device, 1);
  const tried: string[] = [];
  await counts.flush(({ device }) => {
    tried.push(device);
    return Promise.reject(new Refusal('STORE_UNAVAILABLE', 'unavailable', 'no answer'));
  });
  expect(tried).toHaveLength(1);
  const recorded: string[] = [];
  await counts.flush(({ device }) => Promise.resolve(recorded.push(device)));
  expect(recorded.sort()).toEqual(devices);
});
