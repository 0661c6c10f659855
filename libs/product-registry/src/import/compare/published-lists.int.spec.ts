import { beforeAll, expect, it } from 'vitest';

import { expected, of2025, of2026, published, workbookOf2026 } from '../testing/published-lists.js';
import { compareLists, type ListComparison } from './compare-lists.js';
import { type ReadList, readList } from './read-list.js';
import { SharedFacts } from './shared-facts.js';

const read = async (path: string, facts = new SharedFacts()): Promise<ReadList> =>
  readList(path, facts, new AbortController().signal);

published('the lists of 2025-06-10 and 2026-02-11', () => {
  let lists: readonly ReadList[] = [];
  let found: ListComparison = { same: 0, differences: [] };
  beforeAll(async () => {
    const facts = new SharedFacts();
    const [before, after] = [await read(of2025, facts), await read(of2026, facts)];
    lists = [before, after];
    found = await compareLists(before.rows, after.rows);
  });

  const of = (...kinds: readonly string[]) =>
    found.differences.filter(({ kind }) => kinds.includes(kind));

  it('differ as a count of their cells says', () => {
    const { rows, edited, respelledByCase: _, ...counts } = expected();
    expect(lists.map(({ total }) => total)).toEqual(rows);
    expect(of('edited').map(({ after }) => after?.model)).toEqual(edited);
    // The edited product bears another label, too.
    const relabelled = of('relabelled', 'edited').filter(({ labels }) => labels.length > 0);
    expect({
      new: of('new').length,
      moved: of('transferred', 'renamed').length,
      gone: of('gone').length,
      relabelled: relabelled.length,
    }).toEqual(counts);
    expect(
      relabelled.every(({ labels }) => labels[0]?.path === '/elements/BatteryChemistryType'),
    ).toBe(true);
  });

  it('say nothing of efficiencies that were cut off', () => {
    expect(lists.map(({ unread, repeated }) => [unread, repeated])).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(lists[1]?.flagged).toBeGreaterThan(0);
  });

  it('differ from the workbook of that day in nothing', async () => {
    const facts = new SharedFacts();
    const [text, workbook] = [await read(of2026, facts), await read(workbookOf2026, facts)];
    expect(await compareLists(text.rows, workbook.rows)).toEqual({
      same: text.total,
      differences: [],
    });
  });
});
