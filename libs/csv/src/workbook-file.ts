import { Refusal } from '#kernel/refusal.js';
import type { SheetRow } from '#workbook/sheet-rows.js';
import { type Sheet, type Workbook } from '#workbook/workbook.js';

import { headerSearch, type Start, startOf, whyNotRecognised } from './delimited-start.js';
import { HeaderSearch } from './header-search.js';
import type { Layout } from './layout.js';
import { checkRows, checkWidth, filledCells, maxBlankRows } from './records.js';

/** The sheet of a workbook that is read. */
export interface FileSheet {
  readonly name: string;
  readonly part: string;
  /** Names of the other sheets that hold something. */
  readonly unread: readonly string[];
}

/** The rows of a sheet that hold something, in flat memory. Throws what `Workbook.rows` throws, and as `readRecords`. */
export async function* sheetRecords(
  workbook: Workbook,
  sheet: Pick<Sheet, 'part'>,
  limit = Infinity,
): AsyncGenerator<SheetRow> {
  let [delivered, blank] = [0, 0];
  for await (const row of workbook.rows(sheet)) {
    const filled = filledCells(row.cells);
    if (filled === 0) {
      blank += 1;
      checkRows(blank, maxBlankRows, 'blank rows');
      continue;
    }
    checkWidth(row.cells, filled, row.number, 'row');
    yield row;
    delivered += 1;
    if (delivered === limit) return;
  }
}

/** A sheet with its first rows, and where its data begin or why it is none that is meant. */
interface Tried {
  readonly sheet: Sheet;
  readonly search: HeaderSearch;
  readonly start: Start | undefined;
  readonly refusal: Refusal | undefined;
}

/**
 * The sheet that fits one of the layouts: of several the one that names most columns, the first of equals. What a
 * spreadsheet hides is not read. Throws why the sheet that is nearest to it does not fit.
 */
export const findSheet = async (
  workbook: Workbook,
  layouts: readonly Layout[],
): Promise<Start & { readonly sheet: FileSheet }> => {
  const tried: Tried[] = [];
  for (const sheet of workbook.sheets) {
    const one = await tryFirstRows(workbook, sheet, layouts);
    if (!isEmpty(one)) tried.push(one);
  }
  const fitting = tried.filter(({ sheet, start }) => start && !sheet.isHidden);
  fitting.sort((a, b) => matchesOf(b) - matchesOf(a));
  const [best] = fitting;
  if (!best?.start) throw whyNoSheet(tried);
  const { name, part } = best.sheet;
  const unread = tried.filter((one) => one !== best).map(({ sheet }) => sheet.name);
  return { ...best.start, sheet: { name, part, unread } };
};

/** Where even the first row is refused there is one. */
const isEmpty = ({ search, refusal }: Tried): boolean =>
  search.records.length === 0 && refusal?.code === 'LAYOUT_UNKNOWN';

const matchesOf = ({ search }: Tried): number => search.found?.matches ?? 0;

const tryFirstRows = async (
  workbook: Workbook,
  sheet: Sheet,
  layouts: readonly Layout[],
): Promise<Tried> => {
  const search = new HeaderSearch(layouts);
  let start: Start | undefined;
  let refusal: Refusal | undefined;
  try {
    for await (const { cells } of sheetRecords(workbook, sheet, headerSearch)) search.add(cells);
    start = startOf(search);
    if (!start) throw whyNotRecognised([{ search, refusal: undefined }], layouts);
  } catch (error) {
    // A workbook that cannot be read fails as a whole, a sheet that does not fit does not.
    if (!(error instanceof Refusal) || error.code.startsWith('WORKBOOK_')) throw error;
    refusal = error;
  }
  return { sheet, search, start, refusal };
};

/** What says more than that a sheet is unknown comes first. */
const tellingCodes = ['UNIT_UNEXPECTED', 'COLUMN_TWICE', 'COLUMN_MISSING', 'OTHER_LIST'];

const whyNoSheet = (tried: readonly Tried[]): Refusal => {
  const shown = tried.filter(({ sheet }) => !sheet.isHidden);
  const rank = ({ refusal }: Tried): number => tellingCodes.indexOf(refusal?.code ?? '');
  const [nearest] = [...shown].sort((a, b) => rank(b) - rank(a));
  if (nearest?.refusal) {
    const { code, message } = nearest.refusal;
    return new Refusal(code, 'unprocessable', `sheet "${nearest.sheet.name}": ${message}`);
  }
  const hidden = tried.find(({ start }) => start);
  return new Refusal(
    'NO_SHEET',
    'unprocessable',
    hidden
      ? `the workbook holds the list only in "${hidden.sheet.name}", which is hidden: show that sheet first`
      : 'the workbook has no sheet that holds anything',
  );
};
