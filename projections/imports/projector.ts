import type { StoredEvent } from '#event-log/event-log.js';
import { formatPosition } from '#event-log/position.js';
import type { ImportDataOf, ImportEvent, Outcome } from '#product-registry/import/events.js';

import {
  type AbsentProduct,
  type DoneRow,
  importIdOf,
  type ImportRow,
  type ImportsWork,
  type KnownRow,
} from './working-set.js';

type Apply = (work: ImportsWork, event: StoredEvent) => void;

const countOf: Readonly<Record<Outcome, 'accepted' | 'unchanged' | 'rejected' | 'needs_review'>> = {
  accepted: 'accepted',
  unchanged: 'unchanged',
  rejected: 'rejected',
  needsReview: 'needs_review',
};

const nothingCounted = {
  ...{ accepted: 0, accepted_new: 0, accepted_changed: 0 },
  ...{ unchanged: 0, rejected: 0, needs_review: 0 },
};

const standing = ({ revision, position }: StoredEvent) => ({
  revision: String(revision),
  position: formatPosition(position),
});

const notCancelled = { cancelled_by: null, cancelled_at: null, cancel_reason: null };

/** The time of the log, not the one that the writer noted before. */
const recordedAt = ({ created }: StoredEvent): string => created.toISOString();

const received: Apply = (work, event) => {
  const id = importIdOf(event.stream);
  if (id === undefined) return;
  const { kind, file, sha256, bytes, asOf } =
    event.data as unknown as ImportDataOf<'ImportReceived'>;
  const { actor } = event.metadata;
  const at = recordedAt(event);
  work.imports.set(id, {
    ...{ id, kind, state: 'received', file, sha256, bytes: String(bytes) },
    ...{ as_of: asOf ?? null, layout: null, completed_position: null },
    ...{ run: 0, requested: 1, times_received: 1, total: null },
    ...nothingCounted,
    ...{ failure_code: null, failure_reason: null, ...notCancelled },
    ...{ received_at: at, received_by: actor.id, last_received_at: at },
    received_position: formatPosition(event.position),
    ...{ started_at: null, ended_at: null },
    ...standing(event),
  });
};

/** Changes an import that is there; what comes before its reception leaves no row. */
const onImport =
  <T extends ImportEvent['type']>(
    change: (
      row: ImportRow,
      data: ImportDataOf<T>,
      event: StoredEvent,
      work: ImportsWork,
    ) => Partial<ImportRow>,
  ): Apply =>
  (work, event) => {
    const row = work.imports.get(importIdOf(event.stream) ?? '');
    if (!row) return;
    const changed = change(row, event.data as unknown as ImportDataOf<T>, event, work);
    work.imports.set(row.id, { ...row, ...changed, ...standing(event) });
  };

const requested = ({ state }: ImportRow, run: number): Partial<ImportRow> => ({
  state: state === 'running' ? 'running' : 'received',
  requested: run,
});

const started = onImport<'ImportRunStarted'>((row, { run, scope }, event, work) => {
  if (run === row.run) return { state: 'running' };
  const fresh = scope === 'all';
  if (fresh) {
    work.cleared.add(row.id);
    work.rows.delete(row.id);
    work.changedRows.delete(row.id);
    work.absences.delete(row.id);
    work.decided.delete(row.id);
  }
  return {
    state: 'running',
    run,
    started_at: recordedAt(event),
    ended_at: null,
    failure_code: null,
    failure_reason: null,
    ...notCancelled,
    ...(fresh && nothingCounted),
  };
});

const processed = onImport<'ImportRowsProcessed'>((row, { run, rows }, _, work) => {
  const { accepted, accepted_new, accepted_changed, unchanged, rejected, needs_review } = row;
  const counts = { accepted, accepted_new, accepted_changed, unchanged, rejected, needs_review };
  const count = ({ outcome, isNew }: KnownRow, by: 1 | -1): void => {
    counts[countOf[outcome]] += by;
    if (isNew !== undefined) counts[isNew ? 'accepted_new' : 'accepted_changed'] += by;
  };
  const known = work.rows.get(row.id) ?? new Map<number, KnownRow>();
  const changed = work.changedRows.get(row.id) ?? new Map<number, DoneRow>();
  for (const done of rows) {
    const before = known.get(done.row);
    if (before) count(before, -1);
    count(done, 1);
    known.set(done.row, done);
    changed.set(done.row, { ...done, run });
    work.decided.get(row.id)?.delete(done.row);
  }
  work.rows.set(row.id, known);
  work.changedRows.set(row.id, changed);
  return counts;
});

/** What a run finds takes the place of what those before it found. */
const absent = onImport<'ImportAbsencesFound'>((row, { run, previous, products }, _, work) => {
  const known = work.absences.get(row.id);
  const found = known?.run === run ? known.products : new Map<string, AbsentProduct>();
  for (const product of products) found.set(product.productId, { ...product, previous });
  work.absences.set(row.id, { run, products: found });
  return {};
});

const decided = onImport<'ImportReviewDecided'>(({ id }, { rows, absent }, _, work) => {
  const changed = work.changedRows.get(id);
  const before = work.decided.get(id) ?? new Set<number>();
  for (const row of rows) {
    const done = changed?.get(row);
    if (done) changed?.set(row, { ...done, isDecided: true });
    else before.add(row);
  }
  work.decided.set(id, before);
  work.decidedAbsences.push(...absent.map((productId) => ({ id, productId })));
  return {};
});

const ended = (row: ImportRow, run: number, state: string, at: string): Partial<ImportRow> => ({
  state: row.requested > run ? 'received' : state,
  ended_at: at,
});

/** What each event changes. Complete: a new event type of imports fails to compile here. */
export const changes: Readonly<Record<ImportEvent['type'], Apply>> = {
  ImportReceived: received,
  ImportReceivedAgain: onImport<'ImportReceivedAgain'>((row, { run, asOf }, event) => ({
    ...requested(row, run),
    as_of: asOf ?? row.as_of,
    times_received: row.times_received + 1,
    last_received_at: recordedAt(event),
  })),
  ImportAbsencesFound: absent,
  ImportReviewDecided: decided,
  ImportRetryRequested: onImport<'ImportRetryRequested'>((row, { run }) => requested(row, run)),
  ImportRunStarted: started,
  ImportFileRead: onImport<'ImportFileRead'>((_, { rows, layout }) => ({
    ...{ total: String(rows), layout },
  })),
  ImportRowsProcessed: processed,
  ImportCompleted: onImport<'ImportCompleted'>((row, { run }, event) => ({
    ...ended(row, run, 'completed', recordedAt(event)),
    completed_position: formatPosition(event.position),
  })),
  ImportFailed: onImport<'ImportFailed'>((row, { run, code, reason }, event) => ({
    ...ended(row, run, 'failed', recordedAt(event)),
    failure_code: code,
    failure_reason: reason,
  })),
  ImportCancelRequested: onImport<'ImportCancelRequested'>((_, __, event) => ({
    cancelled_by: event.metadata.actor.id,
    cancelled_at: recordedAt(event),
    cancel_reason: event.metadata.reason ?? null,
  })),
  ImportCancelled: onImport<'ImportCancelled'>((row, { run }, event) => ({
    ...ended(row, run, 'cancelled', recordedAt(event)),
    failure_code: null,
    failure_reason: null,
  })),
};
