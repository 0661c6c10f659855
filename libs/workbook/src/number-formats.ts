import { type Attributes, parseXml } from './xml.js';
import { broken } from './zip-parts.js';

/** Formats of cells; a spreadsheet takes about as many. */
const maxFormats = 65_536;
/** Longest format that a spreadsheet takes. */
const maxPattern = 255;

/** The formats that are known by their number alone (ECMA-376, part 1, 18.8.30), as the United States see them. */
const builtIn: Readonly<Record<string, string>> = {
  ...{ 1: '0', 2: '0.00', 3: '#,##0', 4: '#,##0.00', 9: '0%', 10: '0.00%', 11: '0.00E+00' },
  ...{ 12: '# ?/?', 13: '# ??/??', 14: 'm/d/yyyy', 15: 'd-mmm-yy', 16: 'd-mmm', 17: 'mmm-yy' },
  ...{ 18: 'h:mm AM/PM', 19: 'h:mm:ss AM/PM', 20: 'h:mm', 21: 'h:mm:ss', 22: 'm/d/yyyy h:mm' },
  ...{ 37: '#,##0 ;(#,##0)', 38: '#,##0 ;[Red](#,##0)', 39: '#,##0.00;(#,##0.00)' },
  ...{ 40: '#,##0.00;[Red](#,##0.00)', 45: 'mm:ss', 46: '[h]:mm:ss', 47: 'mmss.0' },
  ...{ 48: '##0.0E+0', 49: '@' },
};

export const general = 'General';

/** The number formats of a workbook's cell styles, by the number of the style. */
export const readFormats = async (
  bytes: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<readonly string[]> => {
  const own = new Map<string, string>();
  const formatIds: string[] = [];
  let isInCells = false;
  await parseXml(
    bytes,
    {
      open: (name, attributes) => {
        if (name === 'cellXfs') isInCells = true;
        if (name === 'numFmt') note(own, attributes);
        if (name === 'xf' && isInCells) formatIds.push(attributes['numFmtId'] ?? '0');
        if (own.size + formatIds.length > maxFormats) throw broken('it has too many formats');
      },
      close: (name) => {
        if (name === 'cellXfs') isInCells = false;
      },
    },
    signal,
  );
  return formatIds.map((id) => own.get(id) ?? builtIn[id] ?? general);
};

const note = (own: Map<string, string>, { numFmtId, formatCode }: Attributes): void => {
  if (numFmtId === undefined || formatCode === undefined) return;
  own.set(numFmtId, formatCode.length > maxPattern ? general : formatCode);
};
