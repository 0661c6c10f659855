import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { longestTurn } from '#csv/testing/longest-turn.js';

import { compareLists } from './compare-lists.js';
import { maxComparedRows, readList } from './read-list.js';
import { SharedFacts } from './shared-facts.js';

const header = 'Manufacturer,Model Number,Chemistry,Description,Capacity (kWh),Discharge Rate (kW)';
const nobodyGone = new AbortController().signal;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'voltrace-lists-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const written = (name: string, rows: readonly string[]): string => {
  const path = join(folder, name);
  writeFileSync(path, `${header}\n${rows.join('\n')}\n`);
  return path;
};
const read = (path: string, facts = new SharedFacts()) => readList(path, facts, nobodyGone);

describe('a list that is compared', () => {
  it('has each product once, and counts what is left out', async () => {
    const path = written('mixed.csv', [
      'Alder,A-1,LFP,first,5,2',
      'ALDER,A-1,LFP,again,6,2',
      ',A-2,LFP,no maker,6,2',
      'Alder,A-3,Unobtainium,flagged,5,2',
    ]);
    const { rows, ...counts } = await read(path);
    expect(rows.map(({ row, model }) => [row, model])).toEqual([
      [1, 'A-1'],
      [4, 'A-3'],
    ]);
    expect(counts).toEqual({ total: 4, unread: 1, flagged: 1, repeated: 1 });
  });

  it('is told apart by long texts, too, of which only the beginning is kept', async () => {
    const like = (end: string) => `Alder,A-1,LFP,${'x'.repeat(3_000)}${end},5,2`;
    const facts = new SharedFacts();
    const before = await read(written('long-a.csv', [like('a')]), facts);
    const after = await read(written('long-b.csv', [like('b')]), facts);
    const { differences } = await compareLists(before.rows, after.rows);
    expect(differences.map(({ kind }) => kind)).toEqual(['edited']);
    expect(String(differences[0]?.changes[0]?.from).length).toBeLessThan(300);
  });

  it('is refused over so many rows, and over so many characters', async () => {
    const rows = Array.from({ length: maxComparedRows + 1 }, (_, n) => `A,M-${String(n)},LFP,,1,1`);
    await expect(read(written('too-long.csv', rows))).rejects.toMatchObject({
      code: 'LIST_TOO_LONG',
      message: `the list has 50001 data rows; lists of at most 50000 are compared`,
    });
    const described = Array.from(
      { length: 9 },
      (_, n) => `A,M-${String(n)},LFP,of ${String(n)},1,1`,
    );
    const small = new SharedFacts(100);
    await expect(read(written('wide.csv', described), small)).rejects.toMatchObject({
      code: 'LISTS_TOO_LARGE',
    });
  });

  it('is read and compared without holding up others, at its longest', async () => {
    const rows = (maker: string) =>
      Array.from(
        { length: maxComparedRows },
        (_, n) =>
          `${maker} ${String(n % 500)},M-${String(n)},LFP,battery ${String(n)},${String(n)}.5,1`,
      );
    const [before, after] = [written('a.csv', rows('Alder')), written('b.csv', rows('Birch'))];
    const facts = new SharedFacts();
    const lists = [await read(before, facts), await read(after, facts)] as const;
    let kinds = new Set<string>();
    const { longestMs, boundMs } = await longestTurn(async () => {
      const { differences } = await compareLists(lists[0].rows, lists[1].rows);
      kinds = new Set(differences.map(({ kind }) => kind));
      expect(differences).toHaveLength(maxComparedRows);
    });
    expect([...kinds]).toEqual(['transferred']);
    expect(longestMs).toBeLessThan(boundMs);
  }, 60_000);
});
