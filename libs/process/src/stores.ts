import { EsdbEventLog } from '#event-log/esdb.js';
import { LogIncomplete, WholeLog } from '#event-log/import-mark.js';
import { LogTail } from '#event-log/log-tail.js';
import { formatPosition } from '#event-log/position.js';
import type { TailOptions } from '#event-log/tail-options.js';
import { progressHealth } from '#observability/health.js';
import { ReadStore, type ReadStoreOptions } from '#read-store/read-store.js';

import type { ProcessContext } from './process-context.js';

/**
 * The event log and its tail, closed with the process. Nothing connects before the tail is started. Appends to a log that is
 * half imported are refused as `LogIncomplete`, and the process is not ready.
 */
export const openEventLog = (
  context: ProcessContext,
  url: string,
  options: Omit<TailOptions, 'logger'> = {},
): { readonly log: EsdbEventLog; readonly tail: LogTail } => {
  const log = EsdbEventLog.connect(url);
  context.onStop(() => log.close());
  const whole = new WholeLog(log);
  const append = log.append.bind(log);
  log.append = async (...call) => {
    if (!whole.isCurrent) await whole.ensure();
    return append(...call);
  };
  const tail = new LogTail(log, { logger: context.logger, ...options });
  context.onStop(() => tail.stop());
  context.health.register('event-log', async () => {
    const status = tail.status();
    const position = status.position ? formatPosition(status.position) : null;
    const reason = status.connected ? await incompleteness(whole) : undefined;
    const isDown = reason !== undefined && { status: 'down' as const, reason };
    return { ...progressHealth(status, new Date()), position, ...isDown };
  });
  return { log, tail };
};

/** Why the log is none to work on; a log that does not answer is found out by its tail. */
const incompleteness = (whole: WholeLog): Promise<string | undefined> =>
  whole.ensure().then(
    () => undefined,
    (error: unknown) => (error instanceof LogIncomplete ? error.reason : undefined),
  );

/** The read store, closed with the process. Nothing connects before the first statement. */
export const openReadStore = (
  context: ProcessContext,
  url: string,
  options: Pick<ReadStoreOptions, 'maxConnections' | 'statementTimeoutMs'> = {},
): ReadStore => {
  const { name, logger } = context;
  const store = new ReadStore(url, { logger, applicationName: `voltrace ${name}`, ...options });
  context.onStop(() => store.close());
  context.health.register('read-store', async () => {
    await store.pool.query('select 1');
    return { status: 'up', connections: store.pool.totalCount };
  });
  return store;
};
