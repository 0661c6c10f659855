import { Type } from 'typebox';

import { type EventOf, eventTypes, type ObjectOf } from '#kernel/event-types.js';
import { choice, closed, date, id, name, orNull, text } from '#kernel/schema.js';

// The names below are the storage format.

export const importCategory = 'import';
export const importStream = (id: string): string => `${importCategory}-${id}`;

const importKinds = ['products', 'manufacturers'] as const;
export type ImportKind = (typeof importKinds)[number];

export const rowOutcomes = ['accepted', 'unchanged', 'rejected', 'needsReview'] as const;
export type Outcome = (typeof rowOutcomes)[number];

/** At most so many rows in one `ImportRowsProcessed`, and items in other events. */
export const rowsPerEvent = 500;

const count = (description: string) => Type.Integer({ minimum: 0, description });
const run = Type.Integer({ minimum: 1, description: 'Counts the runs of the import from 1.' });
const issueCodes = Type.Boolean({
  description: 'Whether a manufacturer without a code gets one by rule.',
});

/** Absent: nobody knows it. */
const asOf = Type.Optional(
  date('The list’s own date, as its sender or the name of the file says it.'),
);

const rowProblem = {
  column: text('Title of the column; empty where the row as a whole is meant.'),
  reason: text('Why.'),
  raw: text('The cell as it stands in the file.'),
};
export type RowProblem = ObjectOf<typeof rowProblem>;

/** What becomes of a product that an earlier list named and this one does not name as it did. */
export const absenceKinds = ['gone', 'transferred', 'renamed'] as const;
export type AbsenceKind = (typeof absenceKinds)[number];

const named = {
  manufacturer: text('As the list names it.'),
  model: text('As the list names it.'),
};

/** What a row seems to be: a known product under another name. Its `productId` is that product. */
const proposal = {
  kind: choice(
    ['transfer', 'rename'],
    '`rename`: the names look alike; `transfer`: the manufacturer is another one, the values are equal.',
  ),
  manufacturer: text('Of the product as it is registered.'),
  model: text('Of the product as it is registered.'),
};
export type RowProposal = ObjectOf<typeof proposal>;

const waitingValue = {
  path: text('Such as `/elements/EnergyCapacityNominal`.'),
  listed: Type.Unknown({ description: 'As the list says it; null where it says nothing.' }),
};

const absence = {
  productId: id('The product.'),
  kind: choice(absenceKinds, '`gone`: this list does not name it at all.'),
  manufacturer: text('As the earlier list names it.'),
  model: text('As the earlier list names it.'),
};
export type Absence = ObjectOf<typeof absence>;

/** Why the list was not compared with the one before it. */
const notCompared = {
  code: name('Stable, such as `FILE_MISSING`.'),
  reason: text('For a person.'),
};
export type NotCompared = ObjectOf<typeof notCompared>;

const rowOutcome = {
  row: Type.Integer({ minimum: 1, description: 'Counts the data records in the file’s order.' }),
  outcome: choice(rowOutcomes, 'What became of the row.'),
  productId: Type.Optional(id('In a list of products.')),
  manufacturerId: Type.Optional(id('In a list of manufacturers.')),
  isNew: Type.Optional(
    Type.Boolean({
      description: 'Of an accepted row: whether it registered what it is about, or changed it.',
    }),
  ),
  problems: Type.Optional(Type.Array(closed(rowProblem))),
  about: Type.Optional(closed(named)),
  proposal: Type.Optional(closed(proposal)),
  conflicts: Type.Optional(
    Type.Array(closed(waitingValue), { description: 'What of the row waits for a person.' }),
  ),
};
export type RowOutcome = ObjectOf<typeof rowOutcome>;

const unreadColumn = {
  title: text('As written; which one it is where it has no title.'),
  rows: count('Rows that have a value in it.'),
};

const outcomeCounts = {
  accepted: count('Rows of that outcome.'),
  unchanged: count('Rows of that outcome.'),
  rejected: count('Rows of that outcome.'),
  needsReview: count('Rows of that outcome.'),
};
export type OutcomeCounts = ObjectOf<typeof outcomeCounts>;

export const importEvents = eventTypes({
  ImportReceived: {
    about: 'The file lies in the evidence folder under its hash before this is appended.',
    data: closed({
      kind: choice(importKinds, 'What the file lists.'),
      sha256: name('Of the file, in hexadecimal.'),
      bytes: count('Size of the file.'),
      file: orNull(text('The file’s name, where the sender gave one.')),
      mappingVersion: count('Of the rules by which rows become facts.'),
      issueCodes,
      asOf,
    }),
    example: {
      kind: 'products',
      sha256: 'a3c1f0d2b4e5968778695a4b3c2d1e0f00112233445566778899aabbccddeeff',
      bytes: 210_810,
      file: 'battery-list.csv',
      mappingVersion: 1,
      issueCodes: true,
    },
  },
  ImportReceivedAgain: {
    about:
      'The same file was sent again. A new run follows: it shows whether anything else changed meanwhile.',
    data: closed({ run, issueCodes, asOf }),
    example: { run: 2, issueCodes: true },
  },
  ImportRunStarted: {
    about:
      'A run begins, or goes on after its runner was lost. Fences the runner before it. `retry` redoes the rows that were not accepted or unchanged.',
    data: closed({
      run,
      runner: name('The process that holds the run.'),
      scope: choice(['all', 'retry'], 'Which rows are done.'),
    }),
    example: { run: 1, runner: 'api-1/5b9f', scope: 'all' },
  },
  ImportFileRead: {
    about:
      'The first pass over the file ended well: what it is, and how many rows there are to account for.',
    data: closed({
      run,
      layout: name('Such as `cec-batteries`.'),
      encoding: name('Such as `utf-8`.'),
      delimiter: text('Between two cells; empty in a workbook.'),
      decimalMark: text('Of its numbers.'),
      rows: count('Data records of the file.'),
      asOf: Type.Optional(date('The list’s own date, as it stands above its header.')),
      ignoredColumns: Type.Array(text('A column that the layout does not know, as written.')),
      unreadColumns: Type.Optional(
        Type.Array(closed(unreadColumn), {
          description: 'Columns that the layout does not know and that hold values.',
        }),
      ),
      sheet: Type.Optional(text('Of a workbook: the sheet that was read.')),
      unreadSheets: Type.Optional(
        Type.Array(text('Of a workbook: another sheet that holds something.')),
      ),
    }),
    example: {
      run: 1,
      layout: 'cec-batteries',
      encoding: 'utf-8',
      delimiter: ';',
      decimalMark: '.',
      rows: 3,
      ignoredColumns: ['battery_id'],
      unreadColumns: [{ title: 'battery_id', rows: 3 }],
    },
  },
  ImportRowsProcessed: {
    about: `What became of at most ${String(rowsPerEvent)} rows.`,
    data: closed({ run, rows: Type.Array(closed(rowOutcome), { maxItems: rowsPerEvent }) }),
    example: {
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
  },
  ImportAbsencesFound: {
    about: `Products that the newest earlier list of the same kind names, and this one does not name as it did: at most ${String(rowsPerEvent)} in one event.`,
    data: closed({
      run,
      previous: id('The import of the earlier list.'),
      products: Type.Array(closed(absence), { maxItems: rowsPerEvent }),
    }),
    example: {
      run: 1,
      previous: '7d444840-9dc0-51d1-b245-5ffdce74fad2',
      products: [
        {
          productId: '0f8fad5b-d9cb-569f-a165-70867728950e',
          kind: 'gone',
          manufacturer: 'Marrow Bay Power Inc.',
          model: 'MB-100',
        },
      ],
    },
  },
  ImportReviewDecided: {
    about:
      'Somebody decided what waited for review. What follows from it was carried out before this was appended.',
    data: closed({
      decision: choice(['accept', 'reject'], '`accept` what is proposed, or `reject` it.'),
      rows: Type.Array(Type.Integer({ minimum: 1 }), {
        maxItems: rowsPerEvent,
        description: 'Rows whose proposals or waiting values were decided.',
      }),
      absent: Type.Array(id('A product that was gone.'), { maxItems: rowsPerEvent }),
    }),
    example: { decision: 'accept', rows: [14, 15], absent: [] },
  },
  ImportRetryRequested: {
    about: 'Somebody wants the rows redone that were rejected, left for review or never reached.',
    data: closed({ run }),
    example: { run: 2 },
  },
  ImportCompleted: {
    about: 'Every row is accounted for. `counts` are of all rows as they stand after this run.',
    data: closed({
      run,
      rows: count('Data records of the file.'),
      counts: closed(outcomeCounts),
      notCompared: Type.Optional(closed(notCompared)),
    }),
    example: {
      run: 1,
      rows: 3,
      counts: { accepted: 2, unchanged: 0, rejected: 1, needsReview: 0 },
    },
  },
  ImportFailed: {
    about: 'The run ended before every row was accounted for. What was done stays done.',
    data: closed({
      run,
      code: name('Stable, such as `COLUMN_MISSING`.'),
      reason: text('For a person.'),
      rowsRead: count('Data records that were read until then.'),
    }),
    example: {
      run: 1,
      code: 'COLUMN_MISSING',
      reason: 'the file looks like the CEC battery list, but lacks "model number"',
      rowsRead: 0,
    },
  },
  ImportCancelRequested: {
    about:
      'Somebody wants no more of what was asked for so far: `run` is the newest of those runs. The run that is under way ends as cancelled, whatever it comes to meanwhile.',
    data: closed({ run }),
    example: { run: 1 },
  },
  ImportCancelled: {
    about:
      'No row is taken after this. `counts` are of all rows as they stand: what was done stays done.',
    data: closed({ run, counts: closed(outcomeCounts) }),
    example: {
      run: 1,
      counts: { accepted: 120, unchanged: 31, rejected: 1, needsReview: 0 },
    },
  },
});

export type ImportEvent = EventOf<typeof importEvents>;
/** The data of the events of one type. */
export type ImportDataOf<T extends ImportEvent['type']> = Extract<ImportEvent, { type: T }>['data'];
