import type { ImportReport } from '../file/report.js';
import type { ImportedChunk } from './chunks.js';
import type { ImportData } from './events.js';
import type { OpenTest } from './open-test.js';

/** Of these many the first are told. */
const shownNotes = 100;
const shownColumns = 200;

/** What the files of an import gave, as it is kept of it: they were read as far as `last`, the last chunk. */
export const foundIn = (
  { files, startMs }: Pick<OpenTest, 'files' | 'startMs'>,
  last: ImportedChunk | undefined,
  { zone, files: sent }: ImportData<'ExperimentImportRequested'>,
): ImportData<'ExperimentImported'> => {
  const startedAt = new Date(startMs).toISOString();
  const { to: endedAt, testTimeS } = last ?? { to: startedAt, testTimeS: [0] };
  return {
    ...{ startedAt, endedAt, testTimeS: testTimeS.at(-1) ?? 0, zone },
    ...reported(files.report(), sent),
  };
};

const reported = (
  { files, records, overlapping, cycles, problems, warnings, clock }: ImportReport,
  sent: ImportData<'ExperimentImportRequested'>['files'],
): Omit<ImportData<'ExperimentImported'>, 'startedAt' | 'endedAt' | 'testTimeS' | 'zone'> => ({
  ...{ records, overlapping, cycles, rejectedRows: problems.count },
  files: files.map(({ name, layout, encoding, ignored, ...counts }) => ({
    ...{ name, sha256: sent.find((file) => file.name === name)?.sha256 ?? '', layout, encoding },
    ...{ rows: counts.rows, records: counts.records, overlapping: counts.overlapping },
    ignored: ignored.slice(0, shownColumns).map((title) => title.slice(0, 200)),
  })),
  warnings: warnings.map(({ file, what, message, line, count }) => ({
    ...{ file, what, message, line, count },
  })),
  clock: {
    count: clock.count,
    notes: clock.notes.slice(0, shownNotes).map(({ file, line, kind, byS, utcMs }) => ({
      ...{ file, line, kind, byS },
      at: utcMs === null ? null : new Date(utcMs).toISOString(),
    })),
  },
});
