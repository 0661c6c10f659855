import { describe, expect, it } from 'vitest';

import {
  EndImportRun,
  NoteImportFile,
  ReceiveImport,
  RecordImportRows,
  RetryImport,
  StartImportRun,
} from './commands.js';
import { importDecider } from './decider.js';
import { type ImportEvent, importEvents } from './events.js';
import { countsOf, isToDo } from './state.js';
import {
  completed,
  file,
  given,
  meta,
  outcome,
  processed,
  read,
  received,
  runFailed,
  started,
} from './testing/import-events.js';

describe('an import', () => {
  it('is received once, and again when the same file is sent again', () => {
    given().when(new ReceiveImport(file, meta)).then(received);
    given(received, started(1, 'a'), read(1, 1), processed(1, outcome(1)), completed(1, 1))
      .when(new ReceiveImport({ ...file, issueCodes: false }, meta))
      .then({ type: 'ImportReceivedAgain', data: { run: 2, issueCodes: false } });
  });

  it('is run once more, not twice, when it is sent twice during a run', () => {
    const again: ImportEvent = { type: 'ImportReceivedAgain', data: { run: 2, issueCodes: true } };
    given(received, started(1, 'a'), again).when(new ReceiveImport(file, meta)).then(again);
    given(received, started(1, 'a'), again, completed(1, 0))
      .when(new StartImportRun({ runner: 'b' }, meta))
      .then(started(2, 'b'));
  });

  it('cannot be run when nobody asks for a run', () => {
    given(received, started(1, 'a'), completed(1, 0))
      .when(new StartImportRun({ runner: 'a' }, meta))
      .thenRefused('NO_RUN_REQUESTED');
    given()
      .when(new StartImportRun({ runner: 'a' }, meta))
      .thenRefused('IMPORT_NOT_FOUND');
  });

  it('goes on with the same run and what is done when another runner takes over', () => {
    const { state } = given(
      received,
      runFailed,
      started(1, 'a'),
      read(1, 3),
      processed(1, outcome(2)),
      started(1, 'b'),
    );
    if (state.status === 'none') throw new Error('not received');
    expect([1, 2, 3].map((row) => isToDo(state, row))).toEqual([true, false, true]);
  });

  it('takes nothing more from a runner that was replaced', () => {
    const replaced = given(received, started(1, 'a'), read(1, 1), started(1, 'b'));
    const of = { run: 1, runner: 'a' };
    replaced
      .when(new RecordImportRows({ ...of, rows: [outcome(1)] }, meta))
      .thenRefused('RUNNER_REPLACED');
    replaced.when(new EndImportRun({ ...of, rowsRead: 1 }, meta)).thenRefused('RUNNER_REPLACED');
    replaced
      .when(new EndImportRun({ ...of, rowsRead: 0, failure: { code: 'X', reason: 'x' } }, meta))
      .thenRefused('RUNNER_REPLACED');
    replaced
      .when(new NoteImportFile({ ...importEvents.ImportFileRead.example, ...of }, meta))
      .thenRefused('RUNNER_REPLACED');
  });

  it('records each row once in a run', () => {
    given(received, started(1, 'a'), read(1, 3), processed(1, outcome(1), outcome(2)))
      .when(new RecordImportRows({ run: 1, runner: 'a', rows: [outcome(2), outcome(3)] }, meta))
      .then(processed(1, outcome(3)));
    given(received, started(1, 'a'), read(1, 3), processed(1, outcome(1)))
      .when(new RecordImportRows({ run: 1, runner: 'a', rows: [outcome(1)] }, meta))
      .thenNothing();
  });

  it('takes at most 500 rows at once', () => {
    const rows = Array.from({ length: 501 }, (_, index) => outcome(index + 1));
    given(received, started(1, 'a'))
      .when(new RecordImportRows({ run: 1, runner: 'a', rows }, meta))
      .thenRefused('TOO_MANY_ROWS');
  });

  it('is completed with its counts when every row is accounted for', () => {
    given(
      received,
      runFailed,
      started(1, 'a'),
      read(1, 3),
      processed(1, outcome(3, 'rejected'), outcome(1)),
      processed(1, outcome(2, 'needsReview')),
    )
      .when(new EndImportRun({ run: 1, runner: 'a', rowsRead: 3 }, meta))
      .then({
        type: 'ImportCompleted',
        data: {
          run: 1,
          rows: 3,
          counts: { accepted: 1, unchanged: 0, rejected: 1, needsReview: 1 },
        },
      });
  });

  it.each([
    ['a row is missing', [outcome(1)], 2],
    ['fewer rows were read than counted', [outcome(1), outcome(2)], 1],
    ['a row is there that the file does not have', [outcome(1), outcome(9)], 2],
  ])('fails when %s', (_, rows, rowsRead) => {
    const failed = given(received, started(1, 'a'), read(1, 2), processed(1, ...rows));
    const [event] = importDecider.decide(
      new EndImportRun({ run: 1, runner: 'a', rowsRead }, meta),
      failed.state,
    );
    expect(event).toMatchObject({ type: 'ImportFailed', data: { code: 'ROWS_UNACCOUNTED' } });
  });

  it('redoes rejected and review rows on a retry, and counts all rows as they stand then', () => {
    const first = [
      received,
      runFailed,
      started(1, 'a'),
      read(1, 3),
      processed(1, outcome(1), outcome(2, 'rejected'), outcome(3, 'needsReview')),
      completed(1, 3),
    ];
    given(...first)
      .when(new RetryImport(meta))
      .then({ type: 'ImportRetryRequested', data: { run: 2 } });
    const { state } = given(
      ...first,
      { type: 'ImportRetryRequested', data: { run: 2 } },
      started(2, 'b', 'retry'),
      processed(2, outcome(2), outcome(3, 'needsReview')),
    );
    if (state.status === 'none') throw new Error('not received');
    expect(isToDo(state, 1)).toBe(false);
    expect(countsOf(state)).toEqual({ accepted: 2, unchanged: 0, rejected: 0, needsReview: 1 });
  });

  it('does not complete a retry that left a rejected row undone', () => {
    const { state } = given(
      received,
      runFailed,
      started(1, 'a'),
      read(1, 2),
      processed(1, outcome(1), outcome(2, 'rejected')),
      completed(1, 2),
      { type: 'ImportRetryRequested', data: { run: 2 } },
      started(2, 'b', 'retry'),
    );
    const finish = new EndImportRun({ run: 2, runner: 'b', rowsRead: 2 }, meta);
    expect(importDecider.decide(finish, state)[0]?.type).toBe('ImportFailed');
  });

  it('redoes what was never reached after a failure', () => {
    given(received, started(1, 'a'), runFailed)
      .when(new RetryImport(meta))
      .then({ type: 'ImportRetryRequested', data: { run: 2 } });
  });

  it('is not retried while it runs or when nothing is left to redo', () => {
    given(received, started(1, 'a')).when(new RetryImport(meta)).thenRefused('IMPORT_NOT_FINISHED');
    given(received, started(1, 'a'), read(1, 1), processed(1, outcome(1)), completed(1, 1))
      .when(new RetryImport(meta))
      .thenRefused('NOTHING_TO_RETRY');
  });

  it('begins a new run of all rows with no row done', () => {
    const { state } = given(
      received,
      runFailed,
      started(1, 'a'),
      read(1, 1),
      processed(1, outcome(1)),
      completed(1, 1),
      { type: 'ImportReceivedAgain', data: { run: 2, issueCodes: true } },
      started(2, 'a'),
    );
    if (state.status === 'none') throw new Error('not received');
    expect([isToDo(state, 1), countsOf(state).accepted]).toEqual([true, 0]);
  });
});
