import { Type } from 'typebox';

import { type EventOf, eventTypes } from '#kernel/event-types.js';
import { choice, closed, id, instant, name, orNull, text } from '#kernel/schema.js';

import { FileMapping } from '../file/mapping.js';

// Events of an experiment that was recorded elsewhere. The names are the storage format, and public.

const sha256 = text('SHA-256 of the file, in hexadecimal.');
const count = (description: string) => Type.Integer({ minimum: 0, description });

export const rowFaults = [
  'header-repeated',
  'cells',
  'value',
  'record-repeated',
  'time-back',
] as const;

/** How files are to be read, as whoever imports them says it. */
const reading = {
  zone: orNull(text('Time zone of the clock that the files show, such as Europe/Brussels.')),
  startedAt: orNull(instant('When the test time was zero, where the files do not say it.')),
  dateOrder: orNull(choice(['dmy', 'mdy'], 'How dates such as 5/11/2021 are meant.')),
  timeUnit: orNull(choice(['s', 'min', 'h'], 'Unit of a test time that says none.')),
  mapping: orNull(FileMapping),
} as const;
const nothingSaid = { startedAt: null, dateOrder: null, timeUnit: null, mapping: null };

const exampleHash = '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae';
const exampleFile = { name: 'CS2_33.csv', sha256: exampleHash };

export const importEvents = eventTypes({
  ExperimentImportRequested: {
    about:
      'Files of a cycler are to be taken in as an experiment. Again: after it has failed or was cancelled.',
    data: closed({
      name: name('For people.'),
      description: orNull(text('What it was for.')),
      batteryId: id('The battery.'),
      nominalCapacityAh: Type.Number({ exclusiveMinimum: 0, description: 'Of the battery.' }),
      files: Type.Array(
        closed({ name: name('Of the file.'), sha256, bytes: count('Bytes of the file.') }),
        { minItems: 1, description: 'The files of one test of one cell.' },
      ),
      ...reading,
      cycles: Type.Optional(
        choice(
          ['file', 'steps'],
          'Whether the files count cycles, by their headers: what `ExperimentImported` says is what came of it.',
        ),
      ),
    }),
    example: {
      ...{ name: 'Ageing of cell 33', description: null },
      ...{ batteryId: '3a8f1f36-5b0e-5a35-8c6b-7f6b5b6f9b01', nominalCapacityAh: 1.1 },
      ...{ files: [{ ...exampleFile, bytes: 271_828 }], zone: 'America/New_York', ...nothingSaid },
    },
  },
  ImportedRowsRejected: {
    about: 'Rows of a file that gave no record, and why.',
    data: closed({
      file: name('Of the file.'),
      rows: Type.Array(
        closed({
          line: Type.Integer({ minimum: 1, description: 'Line of the file.' }),
          fault: choice(rowFaults, 'What kind of fault it is.'),
          reason: text('What was found and what was expected.'),
        }),
        { minItems: 1, maxItems: 500, description: 'In the order of the file.' },
      ),
    }),
    example: {
      file: 'CS2_33.csv',
      rows: [
        {
          ...{ line: 304, fault: 'value' as const },
          reason: 'column "Current(A)" holds "OVERLOAD", expected a number',
        },
      ],
    },
  },
  ExperimentImported: {
    about: 'Every record of the files is taken in.',
    data: closed({
      startedAt: instant('When the test time was zero.'),
      endedAt: instant('Time of the last record.'),
      testTimeS: Type.Number({ description: 'Test time of the last record, in seconds.' }),
      records: count('Records that were taken.'),
      overlapping: count('Records that two files have: taken once.'),
      cycles: choice(
        ['file', 'steps'],
        'Whether cycles are those of the files, or were found from what flowed.',
      ),
      zone: orNull(text('Time zone of the clock that the files show.')),
      files: Type.Array(
        closed({
          ...{ name: name('Of the file.'), sha256, layout: name('Of the file.') },
          encoding: name('Of its text.'),
          rows: count('Rows below the header that are not blank.'),
          records: count('Records that were taken of it.'),
          overlapping: count('Records that a file before has.'),
          ignored: Type.Array(text('Title of a column.'), {
            description: 'Columns that were not read.',
          }),
        }),
        { description: 'In the order of their clocks.' },
      ),
      rejectedRows: count('Rows that gave no record: each is in an `ImportedRowsRejected`.'),
      warnings: Type.Array(
        closed({
          file: name('Of the file.'),
          what: name('What it is about.'),
          message: text('What was not used, or not as it stands.'),
          line: count('The first line that it is about.'),
          count: count('How many there are.'),
        }),
        { description: 'What was not used, or not as it stands, of rows that were taken.' },
      ),
      clock: closed({
        count: count('How often the clock left the test time.'),
        notes: Type.Array(
          closed({
            file: name('Of the file.'),
            line: count('Where.'),
            kind: choice(
              ['fold', 'jump'],
              'Whether the zone shows that hour twice, or the clock was set.',
            ),
            byS: Type.Number({ description: 'By how many seconds.' }),
            at: orNull(instant('By start and test time.')),
          }),
          { description: 'The first ones.' },
        ),
      }),
    }),
    example: {
      ...{ startedAt: '2010-08-16T17:44:02.987Z', endedAt: '2010-08-16T23:44:02.987Z' },
      ...{ testTimeS: 21_600, records: 1476, overlapping: 0, cycles: 'file' },
      ...{ zone: 'America/New_York', rejectedRows: 1 },
      files: [
        {
          ...{ ...exampleFile, layout: 'arbin', encoding: 'utf-8' },
          ...{ rows: 1477, records: 1476, overlapping: 0, ignored: ['dV/dt(V/s)'] },
        },
      ],
      warnings: [
        {
          ...{ file: 'CS2_33.csv', what: 'cycle count', line: 700, count: 3 },
          message: 'the cycle count goes back from 2 to 1: it is not followed',
        },
      ],
      clock: { count: 0, notes: [] },
    },
  },
  ExperimentImportFailed: {
    about: 'The files could not be taken in.',
    data: closed({ code: name('As problems have it.'), reason: text('Why, for people.') }),
    example: { code: 'FILE_MISSING', reason: 'the file CS2_33.csv is not kept any more' },
  },
  ExperimentImportCancelled: {
    about: 'Somebody cancelled the import: no more is taken in, and what was taken in stays.',
    data: closed({}),
    example: {},
  },
});

export type ImportEvent = EventOf<typeof importEvents>;
export type ImportData<T extends ImportEvent['type']> = Extract<ImportEvent, { type: T }>['data'];
/** A row that gave no record. */
export type RejectedRow = ImportData<'ImportedRowsRejected'>['rows'][number];
/** How whoever imports files says that they are to be read. */
export type Reading = Pick<ImportData<'ExperimentImportRequested'>, keyof typeof reading>;
