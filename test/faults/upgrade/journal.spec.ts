import { beforeEach, describe, expect, it } from 'vitest';

import { Journal, tableOf } from './journal.js';

describe('the journal of a rehearsal', () => {
  let journal: Journal;

  beforeEach(() => {
    journal = new Journal();
    journal.step('one', 0);
    journal.step('two', 1_000);
    journal.end(3_000);
  });

  const command = (at: number, refused?: string): void =>
    journal.add({ at, tookMs: 1, kind: 'command', ...(refused !== undefined && { refused }) });

  it('counts what ended in each step, refusals of the system apart', () => {
    command(10);
    command(1_100);
    command(1_200, '503 STORE_UNAVAILABLE');
    command(1_300, '503 STORE_UNAVAILABLE');
    journal.add({ at: 1_400, tookMs: 1, kind: 'read', status: 200 });
    journal.add({ at: 1_500, tookMs: 1, kind: 'read', refused: '503 NOT_YET_VISIBLE' });
    expect(journal.lines()).toMatchObject([
      { title: 'one', seconds: 1, commands: 1, reads: 0, refusedCommands: 0, codes: [] },
      {
        ...{ title: 'two', seconds: 2, commands: 3, reads: 2 },
        ...{ refusedCommands: 2, refusedReads: 1 },
        codes: ['2 × command 503 STORE_UNAVAILABLE', '1 × read 503 NOT_YET_VISIBLE'],
      },
    ]);
    expect(journal.refusedCommands).toBe(2);
    expect(tableOf(journal.lines())).toMatch(/two +2\.0 +3 +2 +2 +1 /);
  });

  it('measures the longest time without a command that was answered, over the steps', () => {
    command(900);
    command(1_700, '503 STORE_UNAVAILABLE');
    command(2_600);
    expect(journal.lines().map(({ longestGapMs }) => longestGapMs)).toEqual([900, 1_700]);
  });

  it('takes a step without any answer for one gap', () => {
    expect(journal.lines().map(({ longestGapMs }) => longestGapMs)).toEqual([1_000, 2_000]);
  });

  it('puts answers that came out of order where they belong', () => {
    command(2_000);
    command(1_500);
    expect(journal.lines()[1]?.longestGapMs).toBe(1_000);
  });
});
