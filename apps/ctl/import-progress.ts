import { setTimeout as sleep } from 'node:timers/promises';

import type { ApiClient } from './client.js';
import { segment } from './context.js';
import { printFields, printTable } from './output.js';
import { progressBar } from './progress.js';

export const outcomes = ['accepted', 'unchanged', 'rejected', 'needsReview'] as const;

export interface ImportView {
  readonly id: string;
  readonly state: 'received' | 'running' | 'completed' | 'failed';
  readonly run?: number;
  readonly kind?: string;
  readonly file?: string | null;
  readonly rows?: Readonly<Record<'total' | (typeof outcomes)[number], number | null>>;
  readonly failure?: { readonly code?: string; readonly reason?: string } | null;
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

/** Resolves with the import when the run that was asked for is over, however it ended. */
export async function waitForImport(
  api: ApiClient,
  asked: { readonly id: string; readonly run?: number },
): Promise<ImportView> {
  const bar = progressBar('import');
  try {
    for (;;) {
      const view = await api.get<ImportView>(`/v1/imports/${segment(asked.id)}`);
      const rows = view.rows;
      const done = outcomes.reduce((sum, outcome) => sum + (rows?.[outcome] ?? 0), 0);
      bar.update(done, rows?.total ?? 0, `${done} of ${rows?.total ?? '?'} rows, ${view.state}`);
      const isThisRun = asked.run === undefined || view.run === undefined || view.run >= asked.run;
      if (isThisRun && (view.state === 'completed' || view.state === 'failed')) return view;
      await sleep(pollMs);
    }
  } finally {
    bar.stop();
  }
}

export async function printImport(view: ImportView): Promise<void> {
  const { rows, failure } = view;
  await printFields({
    import: view.id,
    state: view.state,
    ...(view.kind !== undefined && { kind: view.kind }),
    ...(typeof view.file === 'string' && { file: view.file }),
    rows: rows?.total,
    accepted: rows?.accepted,
    unchanged: rows?.unchanged,
    rejected: rows?.rejected,
    'needs review': rows?.needsReview,
    ...(failure && { failure: [failure.code, failure.reason].filter(Boolean).join(': ') }),
  });
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

function problemText({ column, reason, raw }: NonNullable<RowView['problems']>[number]): string {
  const where = column === '' ? '' : `${column}: `;
  const what = raw === '' ? '' : ` ("${raw.slice(0, 80)}")`;
  return `${where}${reason}${what}`;
}
