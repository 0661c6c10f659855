import { setTimeout as sleep } from 'node:timers/promises';

import type { ApiClient } from './client.js';
import { segment } from './context.js';
import { brief, printFields, printTable, write } from './output.js';
import { progressBar } from './progress.js';

export const outcomes = ['accepted', 'unchanged', 'rejected', 'needsReview'] as const;

const absenceKinds = ['gone', 'transferred', 'renamed'] as const;

type Count = 'total' | (typeof outcomes)[number] | 'new' | 'changed';

/** What of a file was not read. */
interface Unread {
  readonly sheet: string | null;
  readonly unreadColumns: readonly { readonly title: string; readonly rows: number }[];
  readonly unreadSheets: readonly string[];
}

export interface ImportView {
  readonly id: string;
  readonly state: 'received' | 'running' | 'completed' | 'failed' | 'cancelled';
  readonly beingCancelled?: boolean;
  readonly kind?: string;
  readonly file?: string | null;
  readonly rows?: Readonly<Record<Count, number | null>>;
  readonly waiting?: number;
  readonly asOf?: string | null;
  readonly absent?:
    | ({ readonly previous: string } & Readonly<Record<(typeof absenceKinds)[number], number>>)
    | null;
  readonly notCompared?: { readonly code: string; readonly reason: string } | null;
  readonly layout?: Partial<Unread> | null;
  readonly failure?: { readonly code?: string; readonly reason?: string } | null;
  readonly times?: {
    readonly cancellation?: { readonly by: string; readonly reason: string | null } | null;
  } | null;
}

/** What a dry run answers. */
export interface Preview extends Partial<Unread> {
  readonly layout: string;
  readonly rows: NonNullable<ImportView['rows']>;
  readonly complete: boolean;
  readonly changes: readonly {
    readonly row: number;
    readonly id: string | null;
    readonly name: string;
    readonly path: string;
    readonly from: unknown;
    readonly to: unknown;
  }[];
  readonly moreChanges: number;
  readonly problems: readonly RowView[];
}

export interface RowView {
  readonly row: number;
  readonly outcome: string;
  readonly productId?: string;
  readonly manufacturerId?: string;
  readonly problems?: readonly {
    readonly column: string;
    readonly reason: string;
    readonly raw: string;
  }[];
}

const pollMs = 300;

/** Resolves with the import when every run that was asked for is over, however it ended. */
export async function waitForImport(api: ApiClient, id: string): Promise<ImportView> {
  const bar = progressBar('import');
  try {
    for (;;) {
      const view = await api.get<ImportView>(`/v1/imports/${segment(id)}`);
      const { rows, state } = view;
      const done = outcomes.reduce((sum, outcome) => sum + (rows?.[outcome] ?? 0), 0);
      bar.update(done, rows?.total ?? 0, `${done} of ${rows?.total ?? '?'} rows, ${state}`);
      if (state !== 'received' && state !== 'running') return view;
      await sleep(pollMs);
    }
  } finally {
    bar.stop();
  }
}

export async function printImport(view: ImportView): Promise<void> {
  const { rows, failure, times, beingCancelled, notCompared } = view;
  const { by, reason } = times?.cancellation ?? {};
  await printFields({
    import: view.id,
    state: beingCancelled === true ? `${view.state}, being cancelled` : view.state,
    ...(by !== undefined && { 'cancelled by': by }),
    ...(typeof reason === 'string' && { reason }),
    ...(view.kind !== undefined && { kind: view.kind }),
    ...(typeof view.file === 'string' && { file: view.file }),
    ...unreadFields(view.layout ?? {}),
    rows: rows?.total,
    accepted: rows && acceptedText(rows),
    unchanged: rows?.unchanged,
    rejected: rows?.rejected,
    'needs review': rows?.needsReview,
    ...(failure && { failure: [failure.code, failure.reason].filter(Boolean).join(': ') }),
    ...(notCompared && { 'not compared': `${notCompared.code}: ${notCompared.reason}` }),
  });
}

/** What is said of products that the list before this one named, and this one does not. */
export async function printAbsences(api: ApiClient, { absent }: ImportView): Promise<void> {
  if (!absent) return;
  const found = absenceKinds.filter((kind) => absent[kind] > 0);
  const total = found.reduce((sum, kind) => sum + absent[kind], 0);
  if (total === 0) return;
  const path = `/v1/imports/${segment(absent.previous)}`;
  const { asOf, file, rows } = await api.get<ImportView>(path);
  const earlier = asOf ?? file ?? absent.previous;
  const [products, are] = total === 1 ? ['product', 'is'] : ['products', 'are'];
  const parts = found.map((kind) => `${absent[kind]} ${kind}`).join(', ');
  await write(
    `${total} ${products} that the list of ${earlier} named ${are} no longer named: ${parts}\n`,
  );
  if (absent.gone * 2 <= (rows?.total ?? absent.gone * 2)) return;
  await write(
    `These are most of that list. Accept that they are gone only if this file is the whole list.\n`,
  );
}

/** One line on what a person has to decide. */
export async function printWaiting({ id, waiting = 0 }: ImportView): Promise<void> {
  if (waiting === 0) return;
  const what = waiting === 1 ? 'row or product waits' : 'rows and products wait';
  await write(`${waiting} ${what} for a person: voltrace review list --import ${id}\n`);
}

/** Such as `12 (10 new, 2 changed)`. */
function acceptedText({ accepted, new: added, changed }: NonNullable<ImportView['rows']>): string {
  const parts = accepted === 0 ? '' : ` (${added ?? '?'} new, ${changed ?? '?'} changed)`;
  return `${accepted ?? 0}${parts}`;
}

/** What a reader of the outcome would take for read, had nobody said so. */
function unreadFields({ sheet, unreadColumns = [], unreadSheets = [] }: Partial<Unread>): object {
  const columns = unreadColumns.map(({ title, rows }) => `${title} (${rows} rows)`);
  return {
    ...(typeof sheet === 'string' && { sheet }),
    ...(unreadSheets.length > 0 && { 'sheets not read': unreadSheets.join(', ') }),
    ...(columns.length > 0 && { 'columns not read': columns.join(', ') }),
  };
}

export async function printImports(views: readonly ImportView[]): Promise<void> {
  await printTable(
    ['import', 'kind', 'file', 'state', 'rows', ...outcomes],
    views.map(({ id, kind, file, state, rows }) => [
      id,
      kind,
      file,
      state,
      rows?.total,
      ...outcomes.map((outcome) => rows?.[outcome]),
    ]),
  );
}

const shownChanges = 20;

export async function printPreview(preview: Preview): Promise<void> {
  const { layout, rows, complete, changes, moreChanges, problems } = preview;
  const { needsReview, total, unchanged, rejected } = rows;
  const unread = unreadFields(preview);
  const judged = { accepted: acceptedText(rows), unchanged, rejected };
  await printFields({ layout, ...unread, rows: total, ...judged, 'needs review': needsReview });
  if (!complete) await write('Not every row was judged: that would have taken too long.\n');
  await write('\nWhat would change\n');
  await printTable(
    ['row', 'of', 'field', 'from', 'to'],
    changes
      .slice(0, shownChanges)
      .map(({ row, id, name, path, from, to }) => [
        row,
        id === null ? `${name} (new)` : name,
        path,
        brief(from),
        id === null ? codeOf(to) : brief(to),
      ]),
  );
  const more = Math.max(changes.length - shownChanges, 0) + moreChanges;
  if (more > 0) await write(`${more} more; --json lists the first 1000.\n`);
  if (problems.length > 0) {
    await write('\nRows with problems\n');
    await printRows(problems.slice(0, shownChanges));
  }
  await write('This was a dry run: nothing is written.\n');
}

/** Of a new product its code says enough; --json has the rest. */
function codeOf(value: unknown): string {
  const isObject = typeof value === 'object' && value !== null;
  return isObject && 'code' in value ? brief(value.code) : brief(value);
}

export async function printRows(rows: readonly RowView[]): Promise<void> {
  await printTable(
    ['row', 'outcome', 'problems', 'product or manufacturer'],
    rows.map(({ row, outcome, problems = [], productId, manufacturerId }) => [
      row,
      outcome,
      problems.map(problemText).join('\n'),
      productId ?? manufacturerId,
    ]),
  );
}

export function problemText({
  column,
  reason,
  raw,
}: NonNullable<RowView['problems']>[number]): string {
  const where = column === '' ? '' : `${column}: `;
  const what = raw === '' ? '' : ` ("${raw.slice(0, 80)}")`;
  return `${where}${reason}${what}`;
}
