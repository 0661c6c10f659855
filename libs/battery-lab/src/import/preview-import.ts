import type { CycleStatistics } from '#cycling/statistics/cycle-statistics.js';
import { CyclerStatistics } from '#cycling/statistics/statistics.js';
import type { KeptFiles } from '#jobs/kept-files.js';
import { Refusal } from '#kernel/refusal.js';

import type { RowProblem } from '../file/report.js';
import { recordsOf } from '../samples/records-of.js';
import { chunksOf, type ImportedChunk } from './chunks.js';
import type { ImportData } from './events.js';
import { foundIn } from './found.js';
import { openTest } from './open-test.js';

type Imported = ImportData<'ExperimentImported'>;

/** What an import would give. */
export interface ImportPreview extends Imported {
  /** Whether the files were read to their end. */
  readonly complete: boolean;
  /** Rows that would give no record: the first ones. */
  readonly rejected: readonly RowProblem[];
  /** The first cycles. */
  readonly firstCycles: readonly CycleStatistics[];
}

const shownCycles = 100;
const shownRejected = 200;
/** Well within the two minutes after which proxies take a silent server for a dead one. */
const longestMs = 60_000;

/**
 * Reads the files of a test as an import does, and keeps nothing. Throws what `openTest` throws, `PREVIEW_TOO_LONG`
 * where even the first record takes too long, and what `gone` is aborted with.
 */
export const previewImport = async (
  kept: KeptFiles,
  request: ImportData<'ExperimentImportRequested'>,
  gone: AbortSignal,
  withinMs = longestMs,
): Promise<ImportPreview> => {
  const late = AbortSignal.timeout(withinMs);
  const isLate = (error: unknown): boolean => {
    gone.throwIfAborted();
    return error === late.reason;
  };
  const signal = AbortSignal.any([gone, late]);
  const test = await openTest(kept, request, signal).catch((error: unknown) => {
    throw isLate(error) ? tooLong(withinMs) : error;
  });
  // Only at the end of the files it is known whose cycles count.
  const tables = {
    file: new FirstCycles(request, 'recorded'),
    steps: new FirstCycles(request, 'as-begun'),
  };
  let last: ImportedChunk | undefined;
  let complete = true;
  try {
    for await (const chunk of chunksOf(test.records, test.startMs)) {
      for (const table of Object.values(tables)) table.add(chunk);
      last = chunk;
    }
  } catch (error) {
    if (!isLate(error)) throw error;
    complete = false;
  }
  const found = foundIn(test, last, request);
  return {
    ...{ complete, ...found },
    rejected: test.files.report().problems.listed.slice(0, shownRejected),
    firstCycles: tables[found.cycles].of(complete),
  };
};

const tooLong = (ms: number) =>
  new Refusal(
    'PREVIEW_TOO_LONG',
    'unprocessable',
    `the files could not be read within ${String(ms / 1_000)} seconds; import them instead, which takes the time that it needs`,
  );

/** The first cycles of a test, by one definition of what a cycle is. */
class FirstCycles {
  private readonly statistics;
  private readonly cycles = new Map<number, CycleStatistics>();

  constructor(
    { nominalCapacityAh }: Pick<ImportData<'ExperimentImportRequested'>, 'nominalCapacityAh'>,
    cycle: 'recorded' | 'as-begun',
  ) {
    this.statistics = new CyclerStatistics({ nominalCapacityAh, cycle });
  }

  add(chunk: ImportedChunk): void {
    this.keep(this.statistics.add(recordsOf(chunk)).cycles);
  }

  of(complete: boolean): readonly CycleStatistics[] {
    if (complete) this.keep(this.statistics.end().cycles);
    return [...this.cycles.values()];
  }

  private keep(cycles: readonly CycleStatistics[]): void {
    for (const cycle of cycles) {
      if (this.cycles.has(cycle.cycle) || this.cycles.size < shownCycles) {
        this.cycles.set(cycle.cycle, cycle);
      }
    }
  }
}
