import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { manufacturerNameKeyOf, modelKeyOf } from '../../codes.js';
import { compareLists } from '../compare/compare-lists.js';
import { readList } from '../compare/read-list.js';
import { SharedFacts } from '../compare/shared-facts.js';
import { ListsBench } from '../testing/lists-bench.js';

// The published lists themselves are not part of the repository.
const folder = join(process.env['VOLTRACE_DATA'] ?? '../shared/data', 'product-registry');
const isThere = existsSync(folder);
if (!isThere) console.warn(`skipped: no published lists in ${folder} (VOLTRACE_DATA)`);

const of2025 = join(folder, 'cec_batteries_2025-06-10.csv');
const of2026 = join(folder, 'Battery_List_Data_ADA.2026-02-11.csv');
const workbookOf2026 = join(folder, 'Battery_List_Data_ADA.2026-02-11.xlsx');

(isThere ? describe : describe.skip)('the lists of 2025-06-10 and 2026-02-11', () => {
  let lists: ListsBench;
  beforeAll(async () => {
    lists = await ListsBench.start();
  });
  afterAll(async () => {
    await lists.stop();
  });

  const imported = async (path: string, asOf: string) =>
    lists.run(await lists.bench.receive(await readFile(path), { asOf }));

  it('report what is gone, moved and renamed once, and the older one nothing', async () => {
    const signal = new AbortController().signal;
    const facts = new SharedFacts();
    const [earlier, later] = [
      await readList(of2025, facts, signal),
      await readList(of2026, facts, signal),
    ];
    const keyOf = ({ manufacturer, model }: { manufacturer: string; model: string }) =>
      `${manufacturerNameKeyOf(manufacturer)} ${modelKeyOf(model)}`;
    const named = new Set(later.rows.map(keyOf));
    const { differences } = await compareLists(earlier.rows, later.rows);
    const expected = differences.flatMap(({ kind, before }) =>
      before && !named.has(keyOf(before)) ? [[kind, before.manufacturer, before.model]] : [],
    );
    // Every row of the earlier list that the later one does not have, and no other.
    expect(expected).toHaveLength(earlier.rows.filter((row) => !named.has(keyOf(row))).length);
    expect(expected.length).toBeGreaterThan(0);

    const first = await imported(of2025, '2025-06-10');
    const second = await imported(of2026, '2026-02-11');
    const found = second.absences.map(({ kind, manufacturer, model }) => [
      ...[kind, manufacturer, model],
    ]);
    expect(found).toEqual(expected);
    expect(second.state.absent?.previous).toBe(first.id);

    const workbook = await imported(workbookOf2026, '2026-02-11');
    expect([workbook.state.absent?.previous, workbook.absences]).toEqual([second.id, []]);
    const again = await imported(of2025, '2025-06-10');
    expect([again.state.run, again.state.absent]).toEqual([2, null]);
  }, 120_000);
});
