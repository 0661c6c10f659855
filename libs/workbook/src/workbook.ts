import { posix } from 'node:path';

import { Refusal } from '#kernel/refusal.js';

import { readFormats } from './number-formats.js';
import { readSharedStrings } from './shared-strings.js';
import { RowGatherer, type Shared, type SheetRow } from './sheet-rows.js';
import { type Attributes, parseXml, readXml } from './xml.js';
import { tooLarge, ZipParts } from './zip-parts.js';

/** A sheet of cells. */
export interface Sheet {
  readonly name: string;
  /** Whether a spreadsheet does not show it. */
  readonly isHidden: boolean;
  /** Name of the part that holds it. */
  readonly part: string;
}

const mebibyte = 1_024 * 1_024;
/** Sizes of parts when unpacked, in bytes: a bomb of zeros is refused before it is unpacked. */
const largest = {
  index: 4 * mebibyte,
  styles: 32 * mebibyte,
  strings: 512 * mebibyte,
  sheet: 1_024 * mebibyte,
};
const maxSheets = 256;

/** An .xlsx workbook, read sheet by sheet and row by row: of it only its shared texts are kept. */
export class Workbook {
  private strings: readonly string[] | undefined;
  private formats: readonly string[] | undefined;

  private constructor(
    private readonly parts: ZipParts,
    private readonly index: Index,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /** Throws `Refusal`: `NOT_A_WORKBOOK`, `WORKBOOK_BROKEN`, `WORKBOOK_TOO_LARGE`. To be closed. */
  static async open(path: string, signal?: AbortSignal): Promise<Workbook> {
    const parts = await ZipParts.open(path);
    try {
      return new Workbook(parts, await indexOf(parts, signal), signal);
    } catch (error) {
      parts.close();
      throw error;
    }
  }

  get sheets(): readonly Sheet[] {
    return this.index.sheets;
  }

  /** Throws `Refusal`: `WORKBOOK_BROKEN`, `WORKBOOK_TOO_LARGE`; what comes before has been delivered by then. */
  async *rows({ part }: Pick<Sheet, 'part'>): AsyncGenerator<SheetRow> {
    const gatherer = new RowGatherer(await this.shared());
    for await (const _ of readXml(this.parts.read(part, largest.sheet), gatherer, this.signal)) {
      yield* gatherer.take();
    }
  }

  close(): void {
    this.parts.close();
  }

  private async shared(): Promise<Shared> {
    const { stringsPart, stylesPart, isFrom1904 } = this.index;
    const { parts, signal } = this;
    this.strings ??= stringsPart
      ? await readSharedStrings(parts.read(stringsPart, largest.strings), signal)
      : [];
    this.formats ??= stylesPart
      ? await readFormats(parts.read(stylesPart, largest.styles), signal)
      : [];
    return { strings: this.strings, formats: this.formats, isFrom1904 };
  }
}

interface Index {
  readonly sheets: readonly Sheet[];
  readonly stringsPart: string | undefined;
  readonly stylesPart: string | undefined;
  readonly isFrom1904: boolean;
}

interface Relation {
  readonly id: string;
  readonly type: string;
  readonly part: string;
}

const indexOf = async (parts: ZipParts, signal: AbortSignal | undefined): Promise<Index> => {
  const root = await relationsOf(parts, '', signal);
  const part = root.find(({ type }) => type === 'officeDocument')?.part;
  if (part === undefined || !part.endsWith('.xml') || !parts.has(part)) throw notWorkbook(parts);
  const relations = await relationsOf(parts, part, signal);
  const sheets: Sheet[] = [];
  let [isWorkbook, isFrom1904] = [false, false];
  const open = (name: string, attributes: Attributes): void => {
    if (name === 'workbook') isWorkbook = true;
    if (name === 'workbookPr') isFrom1904 = isTrue(attributes['date1904']);
    if (name !== 'sheet') return;
    const relation = relations.find(({ id }) => id === idOf(attributes));
    // Others are charts and macros.
    if (relation?.type !== 'worksheet') return;
    const isHidden = (attributes['state'] ?? 'visible') !== 'visible';
    sheets.push({ name: attributes['name'] ?? '', isHidden, part: relation.part });
    if (sheets.length > maxSheets) throw tooLarge(`more than ${String(maxSheets)} sheets`);
  };
  await parseXml(parts.read(part, largest.index), { open }, signal);
  if (!isWorkbook) throw notWorkbook(parts);
  const partOf = (type: string) => relations.find((relation) => relation.type === type)?.part;
  return { sheets, stringsPart: partOf('sharedStrings'), stylesPart: partOf('styles'), isFrom1904 };
};

/** What a part refers to; the type of a relation is the last word of its name. */
const relationsOf = async (
  parts: ZipParts,
  of: string,
  signal: AbortSignal | undefined,
): Promise<readonly Relation[]> => {
  const folder = posix.dirname(of);
  const part = posix.join(folder, '_rels', `${posix.basename(of)}.rels`);
  const relations: Relation[] = [];
  if (!parts.has(part)) return relations;
  const open = (name: string, { Id, Type, Target, TargetMode }: Attributes): void => {
    if (name !== 'Relationship' || TargetMode === 'External') return;
    if (Id === undefined || Type === undefined || Target === undefined) return;
    const target = Target.startsWith('/') ? Target.slice(1) : posix.join(folder, Target);
    relations.push({ id: Id, type: posix.basename(Type), part: target });
  };
  await parseXml(parts.read(part, largest.index), { open }, signal);
  return relations;
};

/** The id of a relation, whatever prefix the namespace of relations has. */
const idOf = (attributes: Attributes): string | undefined =>
  Object.entries(attributes).find(([name]) => name.endsWith(':id'))?.[1];

const isTrue = (text: string | undefined): boolean => text === '1' || text === 'true';

const notWorkbook = (parts: ZipParts): Refusal => {
  const what = parts.has('xl/workbook.bin')
    ? 'a binary workbook (.xlsb): save it as .xlsx'
    : parts.has('content.xml')
      ? 'an OpenDocument file: save it as .xlsx or CSV'
      : 'a zip archive, but no workbook (.xlsx)';
  return new Refusal('NOT_A_WORKBOOK', 'unprocessable', `the file is ${what}`);
};
