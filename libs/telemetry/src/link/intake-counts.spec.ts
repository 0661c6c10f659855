import { expect, it } from 'vitest';

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
