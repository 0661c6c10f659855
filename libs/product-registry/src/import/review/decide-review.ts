import type { EventLog } from '#event-log/event-log.js';
import {
  type CommandResult,
  handleCommand,
  type HandleOptions,
  staleRevision,
} from '#event-log/handle-command.js';
import { newest } from '#event-log/reading.js';
import { KeyedQueue } from '#jobs/keyed-queue.js';
import { Refusal } from '#kernel/refusal.js';

import { manufacturerNameKeyOf } from '../../codes.js';
import type { ProductRegistry } from '../../registry.js';
import { DecideReview, type ReviewRequest } from '../commands.js';
import { importDecider } from '../decider.js';
import {
  type ImportDataOf,
  type ImportEvent,
  importStream,
  rowOutcomes,
  rowsPerEvent,
} from '../events.js';
import type { ImportStates } from '../run/run-steps.js';
import {
  hasEnded,
  type ImportState,
  isOpenAbsence,
  isOpenRow,
  type ReceivedImport,
} from '../state.js';
import { carryOutItem, type ReviewContext } from './carry-out.js';
import { itemKeyOf, itemsOfRule, type OpenItem, ReviewContents } from './open-items.js';
import { absenceUnknown, notFinished, notOpen, rowUnknown } from './refusals.js';

export interface ReviewTools {
  readonly log: EventLog;
  readonly registry: ProductRegistry;
  readonly imports: ImportStates;
}

/** What was not decided, and why. */
export interface RefusedItem {
  readonly item: { readonly row: number } | { readonly productId: string };
  readonly refusal: Refusal;
}

export interface DecidedReview {
  /** Rows and products that were decided, by this request or when it was sent first. */
  readonly decided: number;
  readonly refused: readonly RefusedItem[];
  /** What the request is about and still waits. */
  readonly left: number;
  /** Of a rule without a kind: the products that are gone, which it leaves for a request that names the kind or them. */
  readonly gone: number;
  /** Where a rule goes on; null where all of it was tried. */
  readonly next: string | null;
}

/** Decisions side by side; proposals of one manufacturer go one after the other, as its rows do. */
const limits = { concurrency: 8, window: 1_000 };

/**
 * Decides what of an import waits for a person: carries out what follows, item by item, then notes what was
 * decided in one event. Rests on the log alone. Repeated after a crash it does what is missing: each step is
 * the same command as before.
 *
 * Throws `IMPORT_NOT_FOUND`, `IMPORT_NOT_FINISHED` while a run is under way, `STALE_REVISION`, and what passes by itself.
 */
export const decideReview = async (
  tools: ReviewTools,
  importId: string,
  command: DecideReview,
  options: HandleOptions = {},
): Promise<CommandResult<DecidedReview>> => {
  const { log, registry, imports } = tools;
  const { data, meta } = command;
  const { contents, earlier } = await readReview(log, importId, meta.commandId);
  if (earlier) {
    const result = await handleCommand(log, imports, importId, command);
    return answered(result, { command, contents, decided: earlier, refused: [] });
  }
  const { state, revision } = await imports.refresh(importId);
  if (state.status === 'none') throw new Refusal('IMPORT_NOT_FOUND', 'not-found', 'no such import');
  const { ifMatch = revision } = options;
  if (ifMatch !== revision) throw staleRevision(ifMatch, revision);
  if (!hasEnded(state)) throw notFinished(state.status);
  const { tried, refused } = itemsToTry(data, contents, state);
  const { named } = contents;
  const context = { registry, state, named, decision: data.decision, meta };
  const { done, refused: failed } = await carryOut(context, tried);
  const noted = new DecideReview(data, meta, done);
  const result = await handleCommand(log, imports, importId, noted);
  // The same request was sent twice at once, and the other one came first.
  if (result.outcome === 'repeated') return decideReview(tools, importId, command, options);
  const decided = decidedIn(result.events);
  const lost = [
    ...done.rows.filter((row) => !decided.rows.includes(row)).map(lostRow),
    ...done.absent.filter((id) => !decided.absent.includes(id)).map(lostAbsence),
  ];
  const last = tried.at(-1);
  return answered(result, {
    ...{ command, contents, decided, last },
    refused: [...refused, ...failed, ...lost],
  });
};

type Decided = Pick<ImportDataOf<'ImportReviewDecided'>, 'rows' | 'absent'>;

const readReview = async (
  log: EventLog,
  importId: string,
  commandId: string,
): Promise<{ readonly contents: ReviewContents; readonly earlier: Decided | undefined }> => {
  const contents = new ReviewContents();
  let earlier: Decided | undefined;
  for await (const stored of log.readStream(importStream(importId))) {
    const event = newest<ImportEvent>(importDecider, stored);
    if (!event) continue;
    contents.note(event);
    const isOwn = event.type === 'ImportReviewDecided' && event.metadata.commandId === commandId;
    if (isOwn) earlier = event.data;
  }
  return { contents, earlier };
};

/** What the request names or its rule holds, and what of that cannot be decided. */
const itemsToTry = (
  { rows = [], absent = [], limit = rowsPerEvent, ...request }: ReviewRequest,
  contents: ReviewContents,
  state: ReceivedImport,
): { readonly tried: readonly OpenItem[]; readonly refused: readonly RefusedItem[] } => {
  if (isRule(request)) {
    return { tried: itemsOfRule(contents.open(state), request).slice(0, limit), refused: [] };
  }
  const tried: OpenItem[] = [];
  const refused: RefusedItem[] = [];
  for (const row of new Set(rows)) {
    const open = contents.openRow(state, row);
    if (open) tried.push(open);
    else {
      const isDone = rowOutcomes.some((outcome) => state.outcomes[outcome].has(row));
      refused.push({ item: { row }, refusal: isDone ? notOpen(row) : rowUnknown(row) });
    }
  }
  for (const productId of new Set(absent)) {
    const open = contents.openAbsence(state, productId);
    if (open) tried.push(open);
    else {
      const isKnown = state.absent?.kinds.get(productId) === 'gone';
      const refusal = isKnown ? notOpen(productId) : absenceUnknown(productId);
      refused.push({ item: { productId }, refusal });
    }
  }
  return { tried, refused };
};

/** Whether a request is about all items of some sort, and names none. */
export const isRule = ({ all, kind, manufacturer }: ReviewRequest): boolean =>
  all === true || kind !== undefined || manufacturer !== undefined;

const carryOut = async (
  context: ReviewContext,
  items: readonly OpenItem[],
): Promise<{ readonly done: Decided; readonly refused: readonly RefusedItem[] }> => {
  const done = { rows: [] as number[], absent: [] as string[] };
  const refusals = new Map<OpenItem, Refusal>();
  const queue = new KeyedQueue(limits);
  // Also where two manufacturers claim one product: the second claim is judged when the first one was decided.
  const keys = new Map<string | undefined, string>();
  for (const item of items) {
    const product = productOf(item);
    const key = keys.get(product) ?? queueKeyOf(item);
    if (product !== undefined) keys.set(product, key);
    await queue.add(key, async () => {
      try {
        await carryOutItem(context, item);
      } catch (error) {
        if (!(error instanceof Refusal) || error.kind === 'unavailable') throw error;
        refusals.set(item, error);
        return;
      }
      if (item.kind === 'gone') done.absent.push(item.absence.productId);
      else done.rows.push(item.row);
    });
  }
  await queue.drained();
  const refused = items.flatMap((item) => {
    const refusal = refusals.get(item);
    return refusal ? [{ item: namedItem(item), refusal }] : [];
  });
  done.rows.sort((a, b) => a - b);
  done.absent.sort();
  return { done, refused };
};

const productOf = (item: OpenItem): string | undefined =>
  item.kind === 'gone' ? item.absence.productId : item.outcome.productId;

const queueKeyOf = (item: OpenItem): string => {
  if (item.kind === 'gone') return item.absence.productId;
  const { productId = '', about } = item.outcome;
  return item.kind === 'conflict' ? productId : manufacturerNameKeyOf(about?.manufacturer ?? '');
};

const namedItem = (item: OpenItem): RefusedItem['item'] =>
  item.kind === 'gone' ? { productId: item.absence.productId } : { row: item.row };

const lostRow = (row: number): RefusedItem => ({ item: { row }, refusal: notOpen(row) });
const lostAbsence = (productId: string): RefusedItem => ({
  item: { productId },
  refusal: notOpen(productId),
});

const decidedIn = (events: readonly ImportEvent[]): Decided => {
  const found = events.find((event) => event.type === 'ImportReviewDecided');
  return found?.data ?? { rows: [], absent: [] };
};

interface Answered {
  readonly command: DecideReview;
  readonly contents: ReviewContents;
  readonly decided: Decided;
  readonly refused: readonly RefusedItem[];
  /** The item that was tried last; of a repeated request the last one that it decided. */
  readonly last?: OpenItem | undefined;
}

const answered = (
  result: CommandResult<ImportState>,
  { command: { data }, contents, decided, refused, last }: Answered,
): CommandResult<DecidedReview> => {
  const { state } = result;
  if (state.status === 'none') throw new Error('a decision on an import left no import');
  const { rows, absent } = decided;
  const count = rows.length + absent.length;
  if (!isRule(data)) {
    const left =
      [...new Set(data.rows)].filter((row) => isOpenRow(state, row)).length +
      [...new Set(data.absent)].filter((id) => isOpenAbsence(state, id)).length;
    return { ...result, state: { decided: count, refused, left, gone: 0, next: null } };
  }
  const open = contents.open(state);
  const after = last ? itemKeyOf(last) : lastKeyOf(decided);
  const { kind, manufacturer } = data;
  const left = itemsOfRule(open, { kind, manufacturer }).length;
  const gone = kind === undefined ? itemsOfRule(open, { kind: 'gone', manufacturer }).length : 0;
  const behind = itemsOfRule(open, { kind, manufacturer, after });
  const next = after !== undefined && behind.length > 0 ? after : null;
  return { ...result, state: { decided: count, refused, left, gone, next } };
};

const lastKeyOf = ({ rows, absent }: Decided): string | undefined => {
  const product = absent.at(-1);
  if (product !== undefined) return `p${product}`;
  const row = rows.at(-1);
  return row === undefined ? undefined : `r${String(row)}`;
};
