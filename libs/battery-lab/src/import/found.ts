import type { ImportReport } from '../file/report.js';
import type { ImportData } from './events.js';

/** Of these many the first are told. */
const shownNotes = 100;
const shownColumns = 200;

/** What the files of an import gave, as it is kept of it. */
export const foundIn = (
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
