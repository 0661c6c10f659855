import type { ImportEvent } from './events.js';

const runner = 'api-1/5b9f';
const sha256 = 'a3c1f0d2b4e5968778695a4b3c2d1e0f00112233445566778899aabbccddeeff';

/** One valid example per event. */
export const importExamples: { readonly [E in ImportEvent as E['type']]: E['data'] } = {
  ImportReceived: {
    kind: 'products',
    sha256,
    bytes: 210_810,
    file: 'battery-list.csv',
    mappingVersion: 1,
    issueCodes: true,
  },
  ImportReceivedAgain: { run: 2, issueCodes: true },
  ImportRunStarted: { run: 1, runner, scope: 'all' },
  ImportFileRead: {
    run: 1,
    layout: 'cec-batteries',
    encoding: 'utf-8',
    delimiter: ';',
    decimalMark: '.',
    rows: 3,
    ignoredColumns: ['battery_id'],
  },
  ImportRowsProcessed: {
    run: 1,
    rows: [
      { row: 1, outcome: 'accepted', productId: '0f8fad5b-d9cb-569f-a165-70867728950e' },
      {
        row: 2,
        outcome: 'rejected',
        problems: [{ column: 'model number', reason: 'is blank', raw: '' }],
      },
    ],
  },
  ImportRetryRequested: { run: 2 },
  ImportCompleted: {
    run: 1,
    rows: 3,
    counts: { accepted: 2, unchanged: 0, rejected: 1, needsReview: 0 },
  },
  ImportFailed: {
    run: 1,
    code: 'COLUMN_MISSING',
    reason: 'the file looks like the CEC battery list, but lacks "model number"',
    rowsRead: 0,
  },
  ImportCancelRequested: { run: 1 },
  ImportCancelled: {
    run: 1,
    counts: { accepted: 120, unchanged: 31, rejected: 1, needsReview: 0 },
  },
};
