import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import { compareLists, type ListComparison } from './compare-lists.js';
import { type ReadList, readList } from './read-list.js';
import { SharedFacts } from './shared-facts.js';

// The published lists themselves are not part of the repository.
const folder = join(process.env['VOLTRACE_DATA'] ?? '../shared/data', 'product-registry');
const isThere = existsSync(folder);
if (!isThere) console.warn(`skipped: no published lists in ${folder} (VOLTRACE_DATA)`);

const of2025 = join(folder, 'cec_batteries_2025-06-10.csv');
const of2026 = join(folder, 'Battery_List_Data_ADA.2026-02-11.csv');
const workbookOf2026 = join(folder, 'Battery_List_Data_ADA.2026-02-11.xlsx');

/** A reading of its own, of which nothing is shared with what is tested: cells by their titles. */
const cellsOf = (path: string, delimiter: string, named: readonly string[]) => {
  const records: string[][] = [[]];
  const cell = new RegExp(
    `(?:"((?:[^"]|"")*)"|([^${delimiter}\\r\\n"]*))(${delimiter}|\\r?\\n|$)`,
    'gy',
  );
  for (const [, quoted, plain, end] of readFileSync(path, 'utf8').matchAll(cell)) {
    const text = quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"');
    records.at(-1)?.push(text.replace(/\s+/gu, ' ').trim());
    if (end !== delimiter) records.push([]);
  }
  const [header = [], ...rows] = records.filter((record) => record.length > 1);
  const at = named.map((title) => header.findIndex((one) => one.replace('\ufeff', '') === title));
  return rows.map((row) => {
    const [manufacturer = '', model = '', chemistry = '', energy, power] = at.map(
      (place) => row[place],
    );
    return { manufacturer, model, chemistry, values: [Number(energy), Number(power)] };
  });
};

const expected = () => {
  const before = cellsOf(of2025, ',', [
    ...['Manufacturer', 'Model Number', 'Chemistry', 'Capacity (kWh)', 'Discharge Rate (kW)'],
  ]);
  const after = cellsOf(of2026, ';', [
    ...['Manufacturer Name', 'Model Number', 'Technology', 'Nameplate Energy Capacity (kWh)'],
    'Maximum Continuous Discharge Rate2 (kW)',
  ]);
  const key = ({ manufacturer, model }: (typeof before)[number]) =>
    `${manufacturer}\n${model.replace(/- /g, '-')}`;
  const known = new Map(before.map((row) => [key(row), row]));
  const listed = new Set(after.map(key));
  const vanished = before.filter((row) => !listed.has(key(row)));
  const kept = after.flatMap((now) => {
    const old = known.get(key(now));
    return old ? [{ old, now }] : [];
  });
  const appeared = after.filter((row) => !known.has(key(row)));
  const models = appeared.map(({ model }) => model);
  const moved = vanished.filter(({ model }) => models.includes(model));
  return {
    rows: [before.length, after.length],
    new: appeared.length - moved.length,
    moved: moved.length,
    gone: vanished.length - moved.length,
    relabelled: kept.filter(({ old, now }) => old.chemistry !== now.chemistry).length,
    edited: kept
      .filter(({ old, now }) => String(old.values) !== String(now.values))
      .map(({ now }) => now.model),
  };
};

const read = async (path: string, facts = new SharedFacts()): Promise<ReadList> =>
  readList(path, facts, new AbortController().signal);

(isThere ? describe : describe.skip)('the lists of 2025-06-10 and 2026-02-11', () => {
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
    const { rows, edited, ...counts } = expected();
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
