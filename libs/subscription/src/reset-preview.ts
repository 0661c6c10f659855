import { requireEventAt } from '#event-log/event-at.js';
import type { EventLog, Position } from '#event-log/event-log.js';
import { formatPosition, isAfter, parsePosition } from '#event-log/position.js';
import { Refusal } from '#kernel/refusal.js';
import { columnsOf } from '#read-store/position-columns.js';
import type { ReadStore } from '#read-store/read-store.js';

import type { ResetPreviewResponse } from './bodies.http.js';
import type { KnownSubscription, KnownSubscriptions } from './known-subscriptions.js';
import { deliveredAgain } from './park.js';

const pageSize = 1_000;

/**
 * What a reset to `to` (`start`, or a position) would do. Reads the log to its end.
 *
 * Throws a `Refusal`: `SUBSCRIPTION_NOT_FOUND`, `RESET_OF_PROJECTION`, `RESET_FROM_START_ONLY`,
 * `POSITION_AHEAD`, `POSITION_INVALID`.
 */
export const previewReset = async (
  store: ReadStore,
  log: EventLog,
  known: KnownSubscriptions,
  name: string,
  to: string,
): Promise<ResetPreviewResponse> => {
  const subscription = known.resettable(name, to);
  if (to !== 'start') await assertPosition(log, to, '?to');
  const after = to === 'start' ? undefined : parsePosition(to);
  return {
    ...{ subscription: name, to },
    events: await countEvents(log, subscription, after),
    parked: await parkedAfter(store, name, after),
    forgets: subscription.forgets,
  };
};

const countEvents = async (
  log: EventLog,
  subscription: KnownSubscription,
  after: Position | undefined,
): Promise<number> => {
  let count = 0;
  let from = after;
  for (;;) {
    const page = await log.readAll({ limit: pageSize, ...(from && { after: from }) });
    for (const event of page.events) if (subscription.mayHandle(event)) count += 1;
    if (page.atEnd || !page.next) return count;
    from = page.next;
  }
};

const parkedAfter = async (
  { pool }: ReadStore,
  name: string,
  after: Position | undefined,
): Promise<number> => {
  const { rows } = await pool.query<{ count: number }>(
    `select count(*)::int as count from subscription.parked where ${deliveredAgain}`,
    [name, ...columnsOf(after)],
  );
  return rows[0]?.count ?? 0;
};

/**
 * Throws a `Refusal` where a subscription cannot be reset to a position: `POSITION_AHEAD`, since what is
 * not in the log yet would be passed over when it comes; `POSITION_INVALID` where no event lies there.
 */
export const assertPosition = async (
  log: Pick<EventLog, 'head' | 'idAt'>,
  to: string,
  pointer: string,
): Promise<void> => {
  const position = parsePosition(to);
  const head = await log.head();
  if (!head || isAfter(position, head)) {
    throw new Refusal(
      'POSITION_AHEAD',
      'unprocessable',
      `the log ends at ${head ? formatPosition(head) : 'its start'}: events up to ${to} would be left out`,
    );
  }
  await requireEventAt(log, position, pointer);
};
