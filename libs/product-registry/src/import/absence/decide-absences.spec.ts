import { describe, expect, it } from 'vitest';

import { EndImportRun, RecordAbsences } from '../commands.js';
import { type Absence, type ImportEvent, rowsPerEvent } from '../events.js';
import { absenceCountsOf, type ImportState } from '../state.js';
import {
  cancelAsked,
  completed,
  given,
  meta,
  outcome,
  processed,
  read,
  received,
  started,
} from '../testing/import-events.js';

const previous = '7d444840-9dc0-51d1-b245-5ffdce74fad2';
const absence = (productId: string, kind: Absence['kind'] = 'gone'): Absence => ({
  ...{ productId, kind, manufacturer: 'Marrow Bay', model: productId },
});
const found = (run: number, ...products: Absence[]): ImportEvent => ({
  type: 'ImportAbsencesFound',
  data: { run, previous, products },
});
const record = (run: number, runner: string, ...products: Absence[]) =>
  new RecordAbsences({ run, runner, previous, products }, meta);
const running = [received, started(1, 'a'), read(1, 1), processed(1, outcome(1))];

const absentIn = (state: ImportState) => {
  if (state.status === 'none') throw new Error('not received');
  return state.absent && [state.absent.run, absenceCountsOf(state.absent)];
};

describe('what a list does not name any more', () => {
  it('is recorded once in a run, also where it is nothing', () => {
    given(...running)
      .when(record(1, 'a'))
      .then(found(1));
    given(...running, found(1))
      .when(record(1, 'a'))
      .thenNothing();
    const [p, q] = [absence('p'), absence('q', 'renamed')];
    const state = given(...running, found(1, p))
      .when(record(1, 'a', p, q))
      .then(found(1, q));
    expect(absentIn(state)).toEqual([1, { gone: 1, transferred: 0, renamed: 1 }]);
  });

  it('is not recorded by a runner that was replaced, or whose run is to end', () => {
    given(...running, started(1, 'b'))
      .when(record(1, 'a', absence('p')))
      .thenRefused('RUNNER_REPLACED');
    given(...running, cancelAsked(1))
      .when(record(1, 'a', absence('p')))
      .thenNothing();
    const many = Array.from({ length: rowsPerEvent + 1 }, (_, n) => absence(String(n)));
    given(...running)
      .when(record(1, 'a', ...many))
      .thenRefused('TOO_MANY_ROWS');
  });

  it('is forgotten by a run of all rows, and stands through a retry until that finds it anew', () => {
    const again: ImportEvent = { type: 'ImportReceivedAgain', data: { run: 2, issueCodes: true } };
    const first = [...running, found(1, absence('p')), completed(1, 1), again];
    expect(absentIn(given(...first).state)).toEqual([1, { gone: 1, transferred: 0, renamed: 0 }]);
    expect(absentIn(given(...first, started(2, 'a')).state)).toBeNull();
    const retried = [...first, started(2, 'a', 'retry')];
    expect(absentIn(given(...retried).state)?.[0]).toBe(1);
    expect(absentIn(given(...retried, found(2)).state)).toEqual([
      2,
      { gone: 0, transferred: 0, renamed: 0 },
    ]);
  });

  it('may be unknown, with a reason, until the next run', () => {
    const notCompared = { code: 'FILE_MISSING', reason: 'the file is lost' };
    const end = new EndImportRun({ run: 1, runner: 'a', rowsRead: 1, notCompared }, meta);
    const counts = { accepted: 1, unchanged: 0, rejected: 0, needsReview: 0 };
    const ended: ImportEvent = {
      type: 'ImportCompleted',
      data: { run: 1, rows: 1, counts, notCompared },
    };
    expect(
      given(...running)
        .when(end)
        .then(ended),
    ).toMatchObject({ completed: 1, notCompared });
    const again: ImportEvent = { type: 'ImportReceivedAgain', data: { run: 2, issueCodes: true } };
    expect(given(...running, ended, again, started(2, 'a')).state).toMatchObject({
      completed: 1,
      notCompared: null,
    });
  });
});
