import { makeZip, type ZipPart } from './make-zip.js';

/** A cell: a text, a number, a number with the style of that number, or its XML as it is. Undefined: no cell. */
export type MadeCell =
  | string
  | number
  | { readonly number: number | string; readonly style: number }
  | { readonly xml: string }
  | undefined;

export interface MadeSheet {
  readonly name: string;
  readonly state?: 'hidden' | 'veryHidden';
  readonly rows: readonly (readonly MadeCell[])[];
}

export interface MadeWorkbook {
  readonly sheets: readonly MadeSheet[];
  /** Number formats of the styles from 1 on: of a number known to spreadsheets, or a text. */
  readonly formats?: readonly (number | string)[];
  readonly isFrom1904?: boolean;
  /** In place of the parts of these names, or beside them. */
  readonly parts?: readonly ZipPart[];
}

const main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"';
const relations = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';

/** An .xlsx as spreadsheets write it, texts shared. For tests. */
export const makeWorkbook = (made: MadeWorkbook): Buffer => {
  const { sheets, formats = [], isFrom1904 = false, parts = [] } = made;
  const strings = new Map<string, number>();
  const sheetParts = sheets.map(({ rows }, n) => ({
    name: `xl/worksheets/sheet${String(n + 1)}.xml`,
    content: sheetXml(rows, strings),
  }));
  const whole = [
    { name: '_rels/.rels', content: relationsXml([['officeDocument', 'xl/workbook.xml']]) },
    {
      name: 'xl/workbook.xml',
      content: `<workbook ${main} xmlns:r="${relations}"><workbookPr${isFrom1904 ? ' date1904="1"' : ''}/><sheets>${sheets.map(sheetEntry).join('')}</sheets></workbook>`,
    },
    {
      name: 'xl/_rels/workbook.xml.rels',
      content: relationsXml([
        ...sheets.map((_, n) => ['worksheet', `worksheets/sheet${String(n + 1)}.xml`] as const),
        ['sharedStrings', 'sharedStrings.xml'],
        ['styles', '/xl/styles.xml'],
      ]),
    },
    { name: 'xl/styles.xml', content: stylesXml(formats) },
    ...sheetParts,
    {
      name: 'xl/sharedStrings.xml',
      content: `<sst ${main}>${[...strings.keys()].map((text) => `<si><t xml:space="preserve">${escaped(text)}</t></si>`).join('')}</sst>`,
    },
  ];
  const replaced = new Set(parts.map(({ name }) => name));
  return makeZip([...whole.filter(({ name }) => !replaced.has(name)), ...parts]);
};

/** A workbook of the texts that CSV files of its sheets would be; no text has a comma in a cell. */
export const workbookOfTexts = (sheets: Readonly<Record<string, string>>): Buffer =>
  makeWorkbook({
    sheets: Object.entries(sheets).map(([name, text]) => ({
      name,
      rows: text.split('\n').map((line) => line.split(',')),
    })),
  });

const sheetEntry = ({ name, state }: MadeSheet, n: number): string =>
  `<sheet name="${escaped(name)}" sheetId="${String(n + 1)}"${state ? ` state="${state}"` : ''} r:id="rId${String(n + 1)}"/>`;

const relationsXml = (targets: readonly (readonly [type: string, target: string])[]): string =>
  `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${targets
    .map(
      ([type, target], n) =>
        `<Relationship Id="rId${String(n + 1)}" Type="${relations}/${type}" Target="${target}"/>`,
    )
    .join('')}</Relationships>`;

const stylesXml = (formats: readonly (number | string)[]): string => {
  const own = formats.flatMap((format, n) =>
    typeof format === 'string'
      ? [`<numFmt numFmtId="${String(200 + n)}" formatCode="${escaped(format)}"/>`]
      : [],
  );
  const ids = [0, ...formats.map((format, n) => (typeof format === 'string' ? 200 + n : format))];
  const styles = ids.map((id) => `<xf numFmtId="${String(id)}"/>`).join('');
  return `<styleSheet ${main}><numFmts>${own.join('')}</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs>${styles}</cellXfs></styleSheet>`;
};

const sheetXml = (rows: readonly (readonly MadeCell[])[], strings: Map<string, number>): string => {
  const cellXml = (cell: MadeCell, row: number, at: number): string => {
    const reference = `r="${columnName(at)}${String(row + 1)}"`;
    if (cell === undefined) return '';
    if (typeof cell === 'number') return `<c ${reference}><v>${String(cell)}</v></c>`;
    if (typeof cell === 'string') {
      const index = strings.get(cell) ?? strings.size;
      strings.set(cell, index);
      return `<c ${reference} t="s"><v>${String(index)}</v></c>`;
    }
    if ('xml' in cell) return cell.xml;
    return `<c ${reference} s="${String(cell.style)}"><v>${String(cell.number)}</v></c>`;
  };
  const rowXml = (cells: readonly MadeCell[], row: number): string =>
    `<row r="${String(row + 1)}">${cells.map((cell, at) => cellXml(cell, row, at)).join('')}</row>`;
  return `<worksheet ${main}><sheetData>${rows.map(rowXml).join('')}</sheetData></worksheet>`;
};

const columnName = (at: number): string =>
  at < 26
    ? String.fromCharCode(65 + at)
    : columnName(Math.floor(at / 26) - 1) + columnName(at % 26);

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
