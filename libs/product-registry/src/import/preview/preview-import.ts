import { type CsvFile, inspectCsvFile, readRows } from '#csv/csv-file.js';
import type { UnreadColumn } from '#csv/data-scan.js';
import type { StoredEvent } from '#event-log/event-log.js';
import { KeyedQueue } from '#jobs/keyed-queue.js';
import type { Change } from '#kernel/differences.js';
import { Refusal } from '#kernel/refusal.js';

import type { LookAlikes } from '../../look-alikes.js';
import type { ProductRegistry } from '../../registry.js';
import { type ImportKind, type OutcomeCounts, type RowOutcome, rowOutcomes } from '../events.js';
import { dateInNotes } from '../list-date.js';
import { listKinds } from '../plan/list-kinds.js';
import type { ListKind, PlannedRow, RunContext } from '../plan/planned-row.js';
import { RegisteredNames } from '../plan/registered-names.js';
import type { AcceptedCounts } from '../state.js';

/** One value that an import would change; its path is '' for the whole of what would be registered. */
export interface PreviewedChange extends Change {
  readonly row: number;
  /** The product's or manufacturer's id; null where it would be registered. */
  readonly id: string | null;
  readonly name: string;
}

interface Previewed {
  readonly outcome: RowOutcome;
  readonly changes: readonly PreviewedChange[];
}

export interface ImportPreview {
  readonly layout: string;
  /** Of a workbook: the sheet that was read. */
  readonly sheet?: string;
  readonly unreadSheets: readonly string[];
  /** Columns that the layout does not know, where they hold values. */
  readonly unreadColumns: readonly UnreadColumn[];
  readonly rows: OutcomeCounts & AcceptedCounts & { readonly total: number };
  /** Whether every row was judged. */
  readonly complete: boolean;
  /** The first ones, in no particular order of rows that are far apart. */
  readonly changes: readonly PreviewedChange[];
  readonly moreChanges: number;
  /** Rows that would not be taken in, or only for review: the first ones. */
  readonly problems: readonly RowOutcome[];
}

/** How much of a preview is answered. */
const maxChanges = 1_000;
const maxProblems = 200;
const maxNamed = 100;
/** How long the read model may take until it has what was registered before. */
const readModelMs = 5_000;
/** Rows that are carried out side by side. */
const limits = { concurrency: 16, window: 256 };

export interface PreviewOptions {
  readonly kind: ImportKind;
  readonly issueCodes: boolean;
  /** The list's own date, where it is known. */
  readonly asOf?: string | undefined;
  /** Absent: rows are not compared with what is registered under other names. */
  readonly lookAlikes?: LookAlikes | undefined;
  /** Data rows of a list that are taken at most. */
  readonly maxRows?: number | undefined;
  /** Aborted when nobody waits for the answer any more. */
  readonly gone: AbortSignal;
  /** After so many milliseconds the answer is what was found until then. */
  readonly withinMs?: number;
}

/** Well within the two minutes after which proxies take a silent server for a dead one. */
const longestMs = 60_000;

/**
 * What importing the file would change: the run of it, on a registry that keeps nothing. Throws what
 * `inspectCsvFile` throws, `PREVIEW_TOO_LONG` where even reading the file takes too long, and what
 * `gone` is aborted with.
 *
 * Each row is carried out on what is registered now, not on what the rows before it would change.
 */
export const previewImport = async (
  registry: ProductRegistry,
  path: string,
  { kind, maxRows, gone, withinMs = longestMs, ...options }: PreviewOptions,
): Promise<ImportPreview> => {
  const late = AbortSignal.timeout(withinMs);
  const signal = AbortSignal.any([gone, late]);
  const isLate = (error: unknown): boolean => {
    gone.throwIfAborted();
    return error === late.reason;
  };
  const list = listKinds[kind];
  const reading = { maxRows, signal };
  const file = await inspectCsvFile(path, list.layouts, reading).catch((error: unknown) => {
    throw isLate(error) ? tooLong(withinMs) : error;
  });
  // Manufacturers that products need are registered for all rows, everything else for its row alone.
  const shared = registry.dryRun();
  const asOf = options.asOf ?? dateInNotes(file.notes, new Date().toISOString());
  const plan = list.planner(file, contextOf(shared, { ...options, asOf }, signal));
  const summary = new Summary();
  const queue = new KeyedQueue(limits);
  try {
    for await (const row of readRows(file, signal)) {
      const planned = plan(row, true);
      if (!planned) continue;
      await queue.add(String(row.row), async () => {
        signal.throwIfAborted();
        summary.add(await previewRow(shared, list, planned));
      });
    }
    await queue.drained();
  } catch (error) {
    // What has begun ends before the answer, or before nobody is answered.
    await queue.drained().catch(() => undefined);
    if (!isLate(error)) throw error;
  }
  return summary.of(file);
};

/** Nothing is kept, so that nobody is named. */
const contextOf = (
  registry: ProductRegistry,
  { issueCodes, asOf, lookAlikes }: Pick<PreviewOptions, 'issueCodes' | 'asOf' | 'lookAlikes'>,
  signal: AbortSignal,
): RunContext => ({
  registry,
  registered: new RegisteredNames(registry.log, lookAlikes, readModelMs, signal),
  signal,
  importId: 'preview',
  run: 0,
  sha256: '',
  file: null,
  sheet: null,
  issueCodes,
  asOf: asOf ?? null,
  request: {
    actor: { id: 'nobody', kind: 'system', roles: [] },
    occurredAt: '1970-01-01T00:00:00.000Z',
    correlationId: 'preview',
    causationId: 'preview',
    reason: undefined,
  },
  ensureHeld: () => {
    signal.throwIfAborted();
    return Promise.resolve();
  },
});

const previewRow = async (
  registry: ProductRegistry,
  { category, changes }: ListKind,
  { name, carryOut }: PlannedRow,
): Promise<Previewed> => {
  const dryRun = registry.dryRun();
  const { productId, manufacturerId, ...outcome } = await carryOut(dryRun);
  const id = productId ?? manufacturerId;
  const appended = dryRun.log.appendedTo(`${category}-${id ?? ''}`);
  const [first] = appended;
  const isNew = first?.revision === 0n;
  const before: StoredEvent[] = [];
  if (first && !isNew) {
    const limit = Number(first.revision);
    for await (const event of registry.log.readStream(first.stream, { limit })) before.push(event);
  }
  const found = first ? changes(before, appended) : [];
  return {
    // The id of what would be registered is of this preview only.
    outcome: {
      ...outcome,
      ...(productId !== undefined && !isNew && { productId }),
      ...(manufacturerId !== undefined && !isNew && { manufacturerId }),
    },
    changes: found.map((change) => ({
      row: outcome.row,
      id: isNew ? null : (id ?? null),
      name,
      ...change,
    })),
  };
};

const tooLong = (ms: number) =>
  new Refusal(
    'PREVIEW_TOO_LONG',
    'unprocessable',
    `the file could not be read within ${String(ms / 1_000)} seconds; import it instead, which takes the time that it needs`,
  );

class Summary {
  private readonly counts = {
    ...{ accepted: 0, new: 0, changed: 0 },
    ...{ unchanged: 0, rejected: 0, needsReview: 0 },
  };
  private readonly changes: PreviewedChange[] = [];
  private readonly problems: RowOutcome[] = [];
  private more = 0;

  add({ outcome, changes }: Previewed): void {
    this.counts[outcome.outcome] += 1;
    if (outcome.isNew !== undefined) this.counts[outcome.isNew ? 'new' : 'changed'] += 1;
    const room = Math.max(0, maxChanges - this.changes.length);
    this.changes.push(...changes.slice(0, room));
    this.more += Math.max(0, changes.length - room);
    if (outcome.problems && this.problems.length < maxProblems) this.problems.push(outcome);
  }

  of(file: CsvFile): ImportPreview {
    const judged = rowOutcomes.reduce((sum, outcome) => sum + this.counts[outcome], 0);
    return {
      layout: file.header.layout.name,
      ...(file.sheet && { sheet: file.sheet.name }),
      unreadSheets: file.sheet?.unread.slice(0, maxNamed) ?? [],
      unreadColumns: file.unread.slice(0, maxNamed),
      rows: { total: file.rows, ...this.counts },
      complete: judged === file.rows,
      changes: this.changes.sort((a, b) => a.row - b.row),
      moreChanges: this.more,
      problems: this.problems.sort((a, b) => a.row - b.row),
    };
  }
}
