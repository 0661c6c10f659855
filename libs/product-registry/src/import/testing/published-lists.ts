import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe } from 'vitest';

// The published lists themselves are not part of the repository.
const folder = join(process.env['VOLTRACE_DATA'] ?? '../shared/data', 'product-registry');
const isThere = existsSync(folder);
if (!isThere) console.warn(`skipped: no published lists in ${folder} (VOLTRACE_DATA)`);

/** Tests that read published lists; they are skipped, and say so, where these are absent. */
export const published: typeof describe.skip = isThere ? describe : describe.skip;

export const of2025 = join(folder, 'cec_batteries_2025-06-10.csv');
export const of2026 = join(folder, 'Battery_List_Data_ADA.2026-02-11.csv');
export const entityCodes = join(folder, 'EntityCodes.csv');
export const workbookOf2026 = join(folder, 'Battery_List_Data_ADA.2026-02-11.xlsx');

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

/** What became of the products of the first list in the second, counted by their cells alone. */
export const expected = () => {
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
  const folded = new Set(before.map((row) => key(row).toLowerCase()));
  const respelled = appeared.filter((row) => folded.has(key(row).toLowerCase()));
  return {
    rows: [before.length, after.length] as const,
    new: appeared.length - moved.length,
    moved: moved.length,
    respelledByCase: respelled.length,
    gone: vanished.length - moved.length,
    relabelled: kept.filter(({ old, now }) => old.chemistry !== now.chemistry).length,
    edited: kept
      .filter(({ old, now }) => String(old.values) !== String(now.values))
      .map(({ now }) => now.model),
  };
};
