import { brief, printFields, printTable, shown, write } from './output.js';

export interface Element {
  readonly value?: unknown;
  readonly unit?: string;
  readonly state?: string;
  readonly raw?: string;
}

/** A product as the API answers it. */
export interface Product {
  readonly id: string;
  readonly code: string | null;
  readonly type: string;
  readonly manufacturer: {
    readonly id: string;
    readonly name: string | null;
    readonly code: string | null;
  };
  readonly model: string;
  readonly elements: Readonly<Record<string, Element>>;
  readonly certifications: readonly Readonly<Record<string, unknown>>[];
  readonly qualifications: readonly Readonly<Record<string, unknown>>[];
  readonly warnings?: readonly Readonly<Record<string, unknown>>[];
  readonly formerly: readonly Readonly<Record<string, unknown>>[];
  readonly merged: readonly Readonly<Record<string, unknown>>[];
  readonly revision: number;
  readonly position: string;
}

export interface HistoryItem {
  /** Of another product that was merged into it. */
  readonly of?: string;
  readonly revision: number;
  readonly recordedAt: string;
  readonly event: string;
  readonly actor: { readonly id: string; readonly name?: string };
  readonly source: string;
  readonly reason: string | null;
  readonly evidence: {
    readonly file?: string;
    readonly sha256?: string;
    readonly sheet?: string;
    readonly row?: number;
  } | null;
  readonly changes: readonly {
    readonly path: string;
    readonly from: unknown;
    readonly to: unknown;
  }[];
}

export async function printProduct(product: Product): Promise<void> {
  const { manufacturer } = product;
  await printFields({
    code: product.code ?? '(none)',
    id: product.id,
    type: product.type,
    manufacturer: [
      manufacturer.name ?? manufacturer.id,
      manufacturer.code && `(${manufacturer.code})`,
    ]
      .filter(Boolean)
      .join(' '),
    model: product.model,
    revision: product.revision,
    position: product.position,
  });
  const elements = Object.entries(product.elements);
  await write('\nElements\n');
  await printTable(
    ['element', 'value', 'unit', 'state'],
    elements.map(([name, { value, unit, state, raw }]) => [name, brief(value ?? raw), unit, state]),
  );
  await printObjects('Certifications', product.certifications);
  await printObjects('Qualifications', product.qualifications);
  await printObjects('Warnings', product.warnings ?? []);
  await printObjects('Formerly', product.formerly);
  await printObjects(
    'Merged into it',
    product.merged.map(({ id, ...one }) => ({ product: id, ...one })),
  );
}

async function printObjects(
  title: string,
  objects: readonly Readonly<Record<string, unknown>>[],
): Promise<void> {
  if (objects.length === 0) return;
  const columns = [...new Set(objects.flatMap((object) => Object.keys(object)))].filter(
    (name) => name !== 'id',
  );
  await write(`\n${title}\n`);
  await printTable(
    columns,
    objects.map((object) => columns.map((name) => linesOf(object[name]))),
  );
}

/** The members of an object one below the other, such as the remarks of a listing. */
const linesOf = (value: unknown): string =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.entries(value)
        .map(([name, member]) => `${name}: ${brief(member)}`)
        .join('\n')
    : brief(value);

/** One paragraph per event, the oldest first: changes are too wide for a table. */
export async function printHistory(items: readonly HistoryItem[]): Promise<void> {
  for (const item of items) {
    const { of, revision, recordedAt, event, actor, source, reason, changes } = item;
    const lines = [
      `${of === undefined ? '' : `of ${of}: `}revision ${revision}  ${recordedAt}  ${event}  by ${who(actor)} (${source})`,
      ...(reason === null ? [] : [`  why: ${reason}`]),
      ...(item.evidence === null ? [] : [`  evidence: ${evidenceOf(item)}`]),
      ...changes
        .map(({ path, from, to }) => ({ path, from: orNone(from), to: orNone(to) }))
        // Such as an empty text where there was none.
        .filter(({ from, to }) => from !== to)
        .map(({ path, from, to }) => `  ${path}: ${from} -> ${to}`),
    ];
    await write(`${lines.map((line) => shown(line.replace(/\n/g, ' '))).join('\n')}\n\n`);
  }
}

/** Two keys may have one name. */
function who({ id, name }: HistoryItem['actor']): string {
  return name === undefined ? id : `${name} ${id.slice(0, 8)}`;
}

function orNone(value: unknown): string {
  return brief(value) === '' ? '(none)' : brief(value);
}

function evidenceOf({ evidence }: HistoryItem): string {
  if (!evidence) return '';
  const file = evidence.file ?? evidence.sha256?.slice(0, 12) ?? '';
  const sheet = evidence.sheet === undefined ? '' : `, sheet ${evidence.sheet}`;
  const row = evidence.row === undefined ? '' : `, row ${evidence.row}`;
  return file + sheet + row;
}
