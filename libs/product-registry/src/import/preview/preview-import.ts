import type { ProductRegistry } from '../../registry.js';
import type { ImportKind, OutcomeCounts, RowOutcome } from '../events.js';
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
}

/**
 * What importing the file would change; writes nothing. Throws what `inspectListFile` throws.
 *
 * Each row is judged by what is registered now, so that a maker that two rows would register is new
 * in both.
 */
export const previewImport = async (
  registry: ProductRegistry,
  path: string,
  options: PreviewOptions,
): Promise<ImportPreview> => {
  const layouts = [options.kind === 'products' ? cecBatteries : entityCodes];
  const file = await inspectListFile(path, layouts);
  const look =
    options.kind === 'products'
      ? productLook(registry, file, options.issueCodes)
      : manufacturerLook(registry, options.issueCodes);
  const summary = new Summary();
  const queue = new KeyedQueue(limits);
  for await (const row of readRows(file)) {
    const looking = look(row);
    await queue.add(String(row.row), async () => {
      summary.add(await looking());
    });
  }
  await queue.drained();
  return summary.of(file);
};

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
    return {
      layout: file.header.layout.name,
      rows: { total: file.rows, ...this.counts },
      changes: this.changes.sort((a, b) => a.row - b.row),
      moreChanges: this.more,
      problems: this.problems.sort((a, b) => a.row - b.row),
    };
  }
}
