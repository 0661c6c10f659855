import type { Position } from '#event-log/event-log.js';
import { retryTransient } from '#jobs/retry.js';
import type { ReadStore } from '#read-store/read-store.js';
import { waitForPosition } from '#subscription/projection/wait-for-position.js';

import type { ComparedImport } from '../compare/compare-imports.js';
import { importsSchema, importsVersion } from '../read-model.js';
import type { ImportStates } from '../run/run-steps.js';

/** A list that was imported. */
export interface ImportedList {
  readonly id: string;
  /** The list's own date; null where nobody knows it. */
  readonly asOf: string | null;
  /** Where in the log its last run completed. */
  readonly completed: bigint;
}

/** The list that is imported now. */
export interface CurrentList extends Pick<ImportedList, 'asOf'> {
  /** Where the log ended when its run began; of a retry, when the run before it completed. */
  readonly began: bigint;
}

/**
 * The newest of the other lists, where none of them is newer than this one. By their dates; those of one day and those
 * without a date by when they were completed. A list without a date comes after all that were completed before it.
 */
export const listBefore = <L extends ImportedList>(
  current: CurrentList,
  others: readonly L[],
): L | undefined => {
  const known = others.filter((one) => isKnown(current, one));
  const newest = known.reduce<string | null>(
    (date, { asOf }) => (asOf !== null && (date === null || asOf > date) ? asOf : date),
    null,
  );
  if (current.asOf !== null && newest !== null && newest > current.asOf) return undefined;
  const isUndated = current.asOf === null || newest === null;
  return known
    .filter(({ asOf }) => asOf === newest || (isUndated && asOf === null))
    .sort((a, b) => (a.completed < b.completed ? 1 : -1))[0];
};

/** Two dates order lists, whenever these were imported. */
const isKnown = (current: CurrentList, { asOf, completed }: ImportedList): boolean => {
  const areOrdered = current.asOf !== null && asOf !== null && asOf !== current.asOf;
  return areOrdered || completed <= current.began;
};

export interface EarlierListTools {
  readonly store: ReadStore;
  readonly imports: ImportStates;
}

/** A list in the run that imports it. */
export interface ListOfRun extends ComparedImport {
  /** Where the log ended when the run began. */
  readonly began: Position;
}

/** How long the list of imports is waited for. */
const visibleMs = 5_000;

/**
 * The import of the list before this one. It is found in the list of imports, once that holds the log up to `began`; what
 * its own stream says counts. Undefined where there is none. Throws `NOT_YET_VISIBLE`, and what the stores throw.
 */
export const earlierImport = async (
  tools: EarlierListTools,
  list: ListOfRun,
  signal: AbortSignal,
): Promise<ComparedImport | undefined> => {
  const visible = waitForPosition(tools.store, importsVersion, list.began, {
    timeoutMs: visibleMs,
  });
  await Promise.race([visible, rejectedBy(signal)]);
  return retryTransient(() => findEarlier(tools, list), signal);
};

/** Rejects once `signal` is aborted. */
const rejectedBy = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const abort = () => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });

const findEarlier = async (
  { store, imports }: EarlierListTools,
  { id, state, began }: ListOfRun,
): Promise<ComparedImport | undefined> => {
  const layout = state.read?.layout ?? '';
  const { rows } = await store.pool.query<{ id: string; asOf: string | null; completed: string }>(
    `select id, as_of::text as "asOf", completed_position::text as completed
     from ${importsSchema}.imports
     where kind = $1 and layout = $2 and completed_position is not null`,
    [state.received.kind, layout],
  );
  const lists = rows.map((row) => ({ ...row, completed: BigInt(row.completed) }));
  const own = lists.find((one) => one.id === id);
  const isRetry = state.scope === 'retry' && own !== undefined;
  const current = { asOf: state.asOf, began: isRetry ? own.completed : began.commit };
  let others: readonly ImportedList[] = lists.filter((one) => one.id !== id);
  for (;;) {
    const found = listBefore(current, others);
    if (!found) return undefined;
    const { state: now } = await imports.refresh(found.id);
    const isSame = now.status !== 'none' && now.completed > 0 && now.read?.layout === layout;
    if (isSame && now.asOf === found.asOf) return { id: found.id, state: now };
    others = [
      ...others.filter((one) => one.id !== found.id),
      ...(isSame ? [{ ...found, asOf: now.asOf }] : []),
    ];
  }
};
