import { describe, expect, it } from 'vitest';

import type { RowOutcome } from '../events.js';
import { problem } from '../normalise/cell.js';
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

  it('keeps every batch below 256 KiB, however much rows have to say', async () => {
    const batches: (readonly RowOutcome[])[] = [];
    const log = new OutcomeLog((rows) => Promise.resolve(void batches.push(rows)));
    const problems = Array.from({ length: 40 }, () => problem('notes', 'is odd', '😀'.repeat(900)));
    const rows = Array.from({ length: 600 }, (_, n) => ({ ...outcome(n + 1), problems }));
    await Promise.all(rows.map((row) => log.add(row)));
    await log.flush();
    expect(batches.flat().map(({ row }) => row)).toEqual(rows.map(({ row }) => row));
    for (const batch of batches) {
      expect(Buffer.byteLength(JSON.stringify(batch))).toBeLessThan(256 * 1024 + 1_000);
    }
    const reported = batches[0]?.[0]?.problems ?? [];
    expect(reported).toHaveLength(20);
    expect(reported.at(-1)).toMatchObject({ reason: 'has 21 more problems' });
  });

  it('tells of a batch that could not be recorded', async () => {
    const log = new OutcomeLog(() => Promise.reject(new Error('replaced')));
    await log.add(outcome(1));
    await expect(log.flush()).rejects.toThrow('replaced');
  });
});
