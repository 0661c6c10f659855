import type { ImportData, ImportEvent, Reading } from './events.js';

/** What is to be said of an import, as the API shows it. */
export interface ImportDocument extends Reading {
  /** As they were sent. */
  readonly files: ImportData<'ExperimentImportRequested'>['files'];
  /** What they gave; null until every record is taken in. */
  readonly found: Omit<
    ImportData<'ExperimentImported'>,
    'startedAt' | 'endedAt' | 'testTimeS' | 'zone'
  > | null;
  readonly failure: ImportData<'ExperimentImportFailed'> | null;
}

/** What an import says of its experiment. */
interface Imported {
  readonly status: 'importing' | 'imported' | 'failed' | 'cancelled';
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly testTimeS: number | null;
  readonly message: string | null;
  readonly import: ImportDocument;
}

const cancelled =
  'the import was cancelled: the records that were taken in until then stay, and importing the same files again goes on';

/** The part of its experiment that the event changes. */
export const importedBy = (
  event: Exclude<ImportEvent, { type: 'ExperimentImportRequested' }>,
  before: ImportDocument,
): Partial<Imported> => {
  switch (event.type) {
    case 'ImportedRowsRejected':
      return {};
    case 'ExperimentImported': {
      const { startedAt, endedAt, testTimeS, zone: _, ...found } = event.data;
      const times = { startedAt, endedAt, testTimeS };
      return { status: 'imported', ...times, message: null, import: { ...before, found } };
    }
    case 'ExperimentImportFailed': {
      const { data: failure } = event;
      return { status: 'failed', message: failure.reason, import: { ...before, failure } };
    }
    case 'ExperimentImportCancelled':
      return { status: 'cancelled', message: cancelled };
  }
};

/** What is known when an import is requested. */
export const importRequested = ({
  files,
  zone,
  startedAt,
  dateOrder,
  timeUnit,
  mapping,
}: ImportData<'ExperimentImportRequested'>): ImportDocument => ({
  ...{ files, zone, startedAt, dateOrder, timeUnit, mapping },
  ...{ found: null, failure: null },
});
