import type { CommandOf } from '#kernel/command.js';

import { importedExperiment } from '../experiment/refusals.js';
import type { ImportData, ImportEvent } from './events.js';

export type ImportCommand = CommandOf<{
  RequestImport: ImportData<'ExperimentImportRequested'>;
  /** `after`: how many rows were rejected before these. */
  RejectImportedRows: ImportData<'ImportedRowsRejected'> & { readonly after: number };
  CompleteImport: ImportData<'ExperimentImported'>;
  FailImport: ImportData<'ExperimentImportFailed'>;
}>;

/** An experiment that was recorded elsewhere: no unit, queue or operator has to do with it. */
export interface ImportedExperiment {
  readonly status: 'imported';
  readonly import: 'requested' | 'done' | 'failed' | 'cancelled';
  readonly request: ImportData<'ExperimentImportRequested'>;
  /** Counts the requests. */
  readonly run: number;
  /** Rejected rows that are on record. */
  readonly rejectedRows: number;
}

/** Each may come more than once, from whoever goes on with an import that another process has begun. */
export const decideImport = (
  command: ImportCommand,
  state: ImportedExperiment | undefined,
): readonly ImportEvent[] => {
  switch (command.type) {
    case 'RequestImport':
      return !state || state.import === 'failed' || state.import === 'cancelled'
        ? [{ type: 'ExperimentImportRequested', data: command.data }]
        : [];
    case 'RejectImportedRows': {
      const { after, ...data } = command.data;
      const isNext = state?.import === 'requested' && state.rejectedRows === after;
      return isNext ? [{ type: 'ImportedRowsRejected', data }] : [];
    }
    case 'CompleteImport':
      return state?.import === 'requested'
        ? [{ type: 'ExperimentImported', data: command.data }]
        : [];
    case 'FailImport':
      return state?.import === 'requested'
        ? [{ type: 'ExperimentImportFailed', data: command.data }]
        : [];
  }
};

/**
 * Ends an import that is requested or under way, at once: its run stops when it learns of it. Throws
 * `EXPERIMENT_IMPORTED` where nothing is left to cancel.
 */
export const cancelImport = (state: ImportedExperiment): readonly ImportEvent[] => {
  if (state.import === 'cancelled') return [];
  if (state.import !== 'requested') throw importedExperiment();
  return [{ type: 'ExperimentImportCancelled', data: {} }];
};

export const evolveImport = (
  state: ImportedExperiment | undefined,
  event: ImportEvent,
): ImportedExperiment | undefined => {
  if (event.type === 'ExperimentImportRequested') {
    const { run, rejectedRows } = state ?? { run: 0, rejectedRows: 0 };
    return {
      ...{ status: 'imported', import: 'requested', request: event.data },
      ...{ run: run + 1, rejectedRows },
    };
  }
  if (!state) return state;
  switch (event.type) {
    case 'ImportedRowsRejected':
      return { ...state, rejectedRows: state.rejectedRows + event.data.rows.length };
    case 'ExperimentImported':
      return { ...state, import: 'done' };
    case 'ExperimentImportFailed':
      return { ...state, import: 'failed' };
    case 'ExperimentImportCancelled':
      return { ...state, import: 'cancelled' };
  }
};
