import { exampleEvents } from '#kernel/event-types.js';
import { commandMeta, givenFor } from '#testing/decider-spec.js';

import { importDecider } from '../decider.js';
import { type ImportEvent, importEvents, type Outcome, type RowOutcome } from '../events.js';

export const given = givenFor(importDecider);
export const meta = commandMeta();
export const { ImportReceived: received, ImportFailed: runFailed } = exampleEvents(importEvents);
export const file = received.data;

export const started = (
  run: number,
  runner: string,
  scope: 'all' | 'retry' = 'all',
): ImportEvent => ({
  type: 'ImportRunStarted',
  data: { run, runner, scope },
});
export const read = (run: number, rows: number): ImportEvent => ({
  type: 'ImportFileRead',
  data: { ...importEvents.ImportFileRead.example, run, rows },
});
export const outcome = (row: number, of: Outcome = 'accepted'): RowOutcome => ({
  row,
  outcome: of,
});
export const processed = (run: number, ...rows: RowOutcome[]): ImportEvent => ({
  type: 'ImportRowsProcessed',
  data: { run, rows },
});
export const completed = (run: number, rows: number): ImportEvent => ({
  type: 'ImportCompleted',
  data: { run, rows, counts: { accepted: rows, unchanged: 0, rejected: 0, needsReview: 0 } },
});

export const cancelAsked = (run: number): ImportEvent => ({
  type: 'ImportCancelRequested',
  data: { run },
});
export const cancelled = (run: number, accepted = 0): ImportEvent => ({
  type: 'ImportCancelled',
  data: { run, counts: { accepted, unchanged: 0, rejected: 0, needsReview: 0 } },
});
