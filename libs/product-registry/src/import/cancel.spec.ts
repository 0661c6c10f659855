import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Refusal } from '#kernel/refusal.js';

import {
  CancelImport,
  EndImportRun,
  ReceiveImport,
  RecordImportRows,
  RetryImport,
  StartImportRun,
} from './commands.js';
import { importDecider } from './decider.js';
import type { ImportEvent } from './events.js';
import { isToDo } from './state.js';
import {
  cancelAsked,
  cancelled,
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

const failure = { code: 'X', reason: 'x' };

describe('a cancelled import', () => {
  const running = [received, started(1, 'a'), read(1, 2), processed(1, outcome(1))];
  const again: ImportEvent = { type: 'ImportReceivedAgain', data: { run: 2, issueCodes: true } };
  const of = { run: 1, runner: 'a' };

  it('ends without a run where it waits', () => {
    given(received).when(new CancelImport(meta)).then(cancelAsked(1), cancelled(1));
    given(received, cancelAsked(1), cancelled(1))
      .when(new StartImportRun({ runner: 'a' }, meta))
      .thenRefused('NO_RUN_REQUESTED');
  });

  it('runs until its runner learns of it, records what was done, and ends with the counts', () => {
    given(...running)
      .when(new CancelImport(meta))
      .then(cancelAsked(1));
    const asked = given(...running, cancelAsked(1));
    asked
      .when(new RecordImportRows({ ...of, rows: [outcome(2)] }, meta))
      .then(processed(1, outcome(2)));
    asked.when(new EndImportRun({ ...of, rowsRead: 1 }, meta)).then(cancelled(1, 1));
    // One that was replaced must not end what another one has in hand.
    asked
      .when(new EndImportRun({ ...of, runner: 'another', rowsRead: 1 }, meta))
      .thenRefused('RUNNER_REPLACED');
  });

  it.each([
    ['is done with every row', new EndImportRun({ ...of, rowsRead: 2 }, meta)],
    ['fails', new EndImportRun({ ...of, rowsRead: 2, failure }, meta)],
    ['is gone and another one takes over', new StartImportRun({ runner: 'b' }, meta)],
  ])('ends as cancelled where its runner %s', (_, command) => {
    given(...running, cancelAsked(1), processed(1, outcome(2)))
      .when(command)
      .then(cancelled(1, 2));
  });

  it('takes no row of a runner that comes back after its end', () => {
    given(...running, cancelAsked(1), cancelled(1, 1))
      .when(new RecordImportRows({ ...of, rows: [outcome(2)] }, meta))
      .thenRefused('RUNNER_REPLACED');
  });

  it('is not cancelled twice, while it ends and after it', () => {
    const events = [...running, cancelAsked(1)];
    given(...events)
      .when(new CancelImport(meta))
      .thenNothing();
    given(...events, cancelled(1, 1))
      .when(new CancelImport(meta))
      .thenNothing();
    given(...events, cancelled(1, 1))
      .when(new EndImportRun({ ...of, rowsRead: 1 }, meta))
      .thenRefused('RUNNER_REPLACED');
  });

  it('cannot be one that has ended otherwise, or that is not there', () => {
    given(received, started(1, 'a'), completed(1, 0))
      .when(new CancelImport(meta))
      .thenRefused('IMPORT_FINISHED');
    given(received, started(1, 'a'), runFailed)
      .when(new CancelImport(meta))
      .thenRefused('IMPORT_FINISHED');
    given().when(new CancelImport(meta)).thenRefused('IMPORT_NOT_FOUND');
  });

  it('takes the run with it that was asked for meanwhile', () => {
    given(...running, again)
      .when(new CancelImport(meta))
      .then(cancelAsked(2));
    const ended = given(...running, again, cancelAsked(2), cancelled(2, 1));
    ended.when(new StartImportRun({ runner: 'b' }, meta)).thenRefused('NO_RUN_REQUESTED');
    ended
      .when(new ReceiveImport(file, meta))
      .then({ type: 'ImportReceivedAgain', data: { run: 3, issueCodes: true } });
  });

  it('runs again where the file is sent after it was cancelled, even before the run has ended', () => {
    given(...running, cancelAsked(1), again, cancelled(1, 1))
      .when(new StartImportRun({ runner: 'b' }, meta))
      .then(started(2, 'b'));
    given(...running, cancelAsked(1), again)
      .when(new CancelImport(meta))
      .then(cancelAsked(2));
  });

  it('goes on with the rows that are left when it is retried', () => {
    const ended = [...running, cancelAsked(1), cancelled(1, 1)];
    given(...ended)
      .when(new RetryImport(meta))
      .then({ type: 'ImportRetryRequested', data: { run: 2 } });
    const retry: ImportEvent = { type: 'ImportRetryRequested', data: { run: 2 } };
    const { state } = given(...ended, retry, started(2, 'b', 'retry'), read(2, 2));
    if (state.status === 'none') throw new Error('not received');
    expect([1, 2].map((row) => isToDo(state, row))).toEqual([false, true]);
  });
});

describe('whatever cancels, ends and takes over in whichever order', () => {
  const of = (runner: string) => ({ run: 1, runner });
  const moves = {
    cancel: new CancelImport(meta),
    startA: new StartImportRun({ runner: 'a' }, meta),
    startB: new StartImportRun({ runner: 'b' }, meta),
    rowA: new RecordImportRows({ ...of('a'), rows: [outcome(1)] }, meta),
    rowB: new RecordImportRows({ ...of('b'), rows: [outcome(2)] }, meta),
    finishA: new EndImportRun({ ...of('a'), rowsRead: 2 }, meta),
    finishB: new EndImportRun({ ...of('b'), rowsRead: 2 }, meta),
    failB: new EndImportRun({ ...of('b'), rowsRead: 0, failure }, meta),
  };
  const names = Object.keys(moves) as (keyof typeof moves)[];

  it('exactly one of them ends a run, and as cancelled once that was accepted', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...names), { maxLength: 30 }), (order) => {
        let state = importDecider.evolve(
          importDecider.evolve({ status: 'none' }, received),
          read(1, 2),
        );
        const events: ImportEvent[] = [];
        const all = [...order, 'startA', 'startB', 'rowB', 'finishB'] as const;
        for (const move of all) {
          try {
            const made = importDecider.decide(moves[move], state);
            state = made.reduce(importDecider.evolve, state);
            events.push(...made);
          } catch (error) {
            if (!(error instanceof Refusal)) throw error;
          }
        }
        const types = events.map(({ type }) => type);
        const ends = types.filter((type) => /^Import(Completed|Failed|Cancelled)$/.test(type));
        expect(ends).toHaveLength(1);
        expect(ends[0] === 'ImportCancelled').toBe(types.includes('ImportCancelRequested'));
        expect(types.at(-1)).toBe(ends[0]);
      }),
    );
  });
});
