import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll } from 'vitest';

import type { SheetRow } from '../sheet-rows.js';
import { Workbook } from '../workbook.js';

let folder = '';

/** Opens what is written to a file of the test's own folder. */
export const openedIn = async <T>(
  content: Buffer,
  use: (workbook: Workbook) => Promise<T>,
): Promise<T> => {
  const path = join(folder, 'list.xlsx');
  writeFileSync(path, content);
  const workbook = await Workbook.open(path);
  try {
    return await use(workbook);
  } finally {
    workbook.close();
  }
};

/** All rows of one sheet. */
export const rowsOf = (content: Buffer, at = 0): Promise<SheetRow[]> =>
  openedIn(content, async (workbook) => {
    const sheet = workbook.sheets[at];
    const rows: SheetRow[] = [];
    if (sheet) for await (const row of workbook.rows(sheet)) rows.push(row);
    return rows;
  });

/** The folder is there while the tests of a file run. */
export const useWorkbookFolder = (): void => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'voltrace-workbook-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
};
