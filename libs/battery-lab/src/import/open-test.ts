import type { CyclerRecord } from '#cycling/record.js';
import type { KeptFiles } from '#jobs/kept-files.js';
import { Refusal } from '#kernel/refusal.js';

import { type CyclerFiles, openCyclerFiles } from '../file/cycler-files.js';
import type { FileOptions } from '../file/inspect-file.js';
import { type ImportReport, rejectedErrors } from '../file/report.js';
import type { ImportData, Reading } from './events.js';
import { startOf } from './start.js';

/** The files of a test, opened: what they say is read on as far as it is asked for. */
export interface OpenTest {
  readonly files: CyclerFiles;
  readonly records: AsyncIterable<readonly CyclerRecord[]>;
  /** When the test time was zero, in milliseconds since 1970. */
  readonly startMs: number;
  /** For who does not read the records to their end. */
  readonly close: () => Promise<void>;
}

type FilesToImport = Pick<ImportData<'ExperimentImportRequested'>, 'files' | keyof Reading>;

/**
 * Opens the files of one test and reads as far as the first records. Throws `Refusal`: what `openCyclerFiles` and
 * `startOf` throw, `FILE_MISSING`, `NO_RECORDS` with the first rows that gave none, and what `signal` is aborted with.
 */
export const openTest = async (
  kept: KeptFiles,
  wanted: FilesToImport,
  signal: AbortSignal,
): Promise<OpenTest> => {
  for (const { sha256, name } of wanted.files) {
    if (!(await kept.has(sha256))) throw fileMissing(name, sha256);
  }
  const paths = wanted.files.map(({ sha256, name }) => ({ path: kept.pathOf(sha256), name }));
  const files = await openCyclerFiles(paths, { ...optionsOf(wanted), signal });
  const records = files.records();
  const close = async (): Promise<void> => {
    await records.return(undefined);
  };
  try {
    const first = await records.next();
    const report = files.report();
    if (first.done === true) throw noRecords(report);
    const startMs = startOf(report, wanted);
    const all = async function* () {
      yield first.value;
      yield* records;
    };
    return { files, records: all(), startMs, close };
  } catch (error) {
    await close();
    throw error;
  }
};

const optionsOf = ({ zone, dateOrder, timeUnit, mapping }: FilesToImport): FileOptions => ({
  ...(zone !== null && { zone }),
  ...(dateOrder !== null && { dateOrder }),
  ...(timeUnit !== null && { timeUnit }),
  ...(mapping !== null && { mapping }),
});

const fileMissing = (name: string, sha256: string) =>
  new Refusal(
    'FILE_MISSING',
    'unprocessable',
    `the file "${name}" with the hash ${sha256} is not kept here; send it, and import again`,
  );

const noRecords = ({ problems }: ImportReport) =>
  new Refusal('NO_RECORDS', 'unprocessable', 'no row of the files is a record', {
    errors: rejectedErrors(problems.listed),
  });
