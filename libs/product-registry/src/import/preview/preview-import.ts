import { Refusal } from '#kernel/refusal.js';

import type { ProductRegistry } from '../../registry.js';
import { type ImportKind, type OutcomeCounts, type RowOutcome, rowOutcomes } from '../events.js';
import { cecBatteries } from '../layouts/cec-batteries.js';
import { entityCodes } from '../layouts/entity-codes.js';
import { inspectListFile, type ListFile, readRows } from '../reading/list-file.js';
import { KeyedQueue } from '../run/keyed-queue.js';
import { manufacturerLook } from './look-at-manufacturers.js';
import { productLook } from './look-at-products.js';
import type { Previewed, PreviewedChange } from './previewed.js';

export interface ImportPreview {
  readonly layout: string;
  readonly rows: OutcomeCounts & { readonly total: number };
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
/** Rows that are looked up side by side. */
const limits = { concurrency: 16, window: 256 };

export interface PreviewOptions {
  readonly kind: ImportKind;
  readonly issueCodes: boolean;
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
 * What importing the file would change; writes nothing. Throws what `inspectListFile` throws,
 * `PREVIEW_TOO_LONG` where even reading the file takes too long, and what `gone` is aborted with.
 *
 * Each row is judged by what is registered now, so that a maker that two rows would register is new
 * in both.
 */
export const previewImport = async (
  registry: ProductRegistry,
  path: string,
  { kind, issueCodes, maxRows, gone, withinMs = longestMs }: PreviewOptions,
): Promise<ImportPreview> => {
  const late = AbortSignal.timeout(withinMs);
  const signal = AbortSignal.any([gone, late]);
  const layouts = [kind === 'products' ? cecBatteries : entityCodes];
  const isLate = (error: unknown): boolean => {
    gone.throwIfAborted();
    return error === late.reason;
  };
  const file = await inspectListFile(path, layouts, { maxRows, signal }).catch((error: unknown) => {
    throw isLate(error) ? tooLong(withinMs) : error;
  });
  const look =
    kind === 'products'
      ? productLook(registry, file, issueCodes)
      : manufacturerLook(registry, issueCodes);
  const summary = new Summary();
  const queue = new KeyedQueue(limits);
  try {
    for await (const row of readRows(file, signal)) {
      const looking = look(row);
      await queue.add(String(row.row), async () => {
        signal.throwIfAborted();
        summary.add(await looking());
      });
    }
    await queue.drained();
  } catch (error) {
    // What is being looked up ends before the answer, or before nobody is answered.
    await queue.drained().catch(() => undefined);
    if (!isLate(error)) throw error;
  }
  return summary.of(file);
};

const tooLong = (ms: number) =>
  new Refusal(
    'PREVIEW_TOO_LONG',
    'unprocessable',
    `the file could not be read within ${String(ms / 1_000)} seconds; import it instead, which takes the time that it needs`,
  );

class Summary {
  private readonly counts = { accepted: 0, unchanged: 0, rejected: 0, needsReview: 0 };
  private readonly changes: PreviewedChange[] = [];
  private readonly problems: RowOutcome[] = [];
  private more = 0;

  add({ outcome, changes }: Previewed): void {
    this.counts[outcome.outcome] += 1;
    const room = Math.max(0, maxChanges - this.changes.length);
    this.changes.push(...changes.slice(0, room));
    this.more += Math.max(0, changes.length - room);
    if (outcome.problems && this.problems.length < maxProblems) this.problems.push(outcome);
  }

  of(file: ListFile): ImportPreview {
    const judged = rowOutcomes.reduce((sum, outcome) => sum + this.counts[outcome], 0);
    return {
      layout: file.header.layout.name,
      rows: { total: file.rows, ...this.counts },
      complete: judged === file.rows,
      changes: this.changes.sort((a, b) => a.row - b.row),
      moreChanges: this.more,
      problems: this.problems.sort((a, b) => a.row - b.row),
    };
  }
}
