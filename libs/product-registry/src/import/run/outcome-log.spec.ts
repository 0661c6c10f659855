import { describe, expect, it } from '@jest/globals';

import type { RowOutcome } from '../events.js';
import { OutcomeLog } from './outcome-log.js';

const outcome = (row: number): RowOutcome => ({ row, outcome: 'accepted' });

describe('the log of outcomes', () => {
  it('records 500 rows at a time, one batch after another, and the rest at the end', async () => {
    const batches: number[] = [];
    let recording = 0;
    const log = new OutcomeLog(async (rows) => {
      recording += 1;
      expect(recording).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      batches.push(rows.length);
      recording -= 1;
    });
    await Promise.all(Array.from({ length: 1_234 }, (_, n) => log.add(outcome(n + 1))));
    await log.flush();
    expect(batches).toEqual([500, 500, 234]);
  });

  it('tells of a batch that could not be recorded', async () => {
    const log = new OutcomeLog(() => Promise.reject(new Error('replaced')));
    await log.add(outcome(1));
    await expect(log.flush()).rejects.toThrow('replaced');
  });
});
