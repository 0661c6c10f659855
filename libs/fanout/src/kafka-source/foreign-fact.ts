import { LogUnavailable, StreamGone } from '#event-log/event-log.js';
import { pause } from '#event-log/pause.js';
import { readOne } from '#event-log/read-one.js';
import { Backoff } from '#subscription/backoff.js';
import { type Item, type SourceContext, Undecodable } from '#subscription/source.js';

import type { Fact } from '../fact.js';

/** A node of the store that lags behind the one that was published from may not have it yet. */
const reads = 10;
const readAgainMs = 500;

/**
 * Why the first fact of `records` is not from our event log; undefined where it is, or where none is
 * among them. Two systems on one cluster without namespaces would otherwise take each other's facts.
 * Waits for the log as long as it takes; undefined when `signal` aborts.
 */
export const foreignFact = async (
  { log, status }: Pick<SourceContext<Fact>, 'log' | 'status'>,
  topic: string,
  records: readonly Item<Fact>[],
  signal: AbortSignal,
): Promise<string | undefined> => {
  const first = records.find(({ payload }) => !(payload instanceof Undecodable));
  if (!first || first.payload instanceof Undecodable) return undefined;
  const fact: Fact = first.payload;
  const backoff = new Backoff();
  for (let read = 1; read <= reads && !signal.aborted;) {
    try {
      if (await isInLog(log, fact)) return undefined;
      read += 1;
      await pause(readAgainMs, signal);
    } catch (error) {
      if (!(error instanceof LogUnavailable)) throw error;
      status.waits(topic, error.reason);
      await backoff.wait(signal);
      status.waits(topic, undefined);
    }
  }
  if (signal.aborted) return undefined;
  return (
    `the fact at offset ${String(first.offset)} (${fact.stream}, revision ${String(fact.revision)}) ` +
    'is not in the event log: another system publishes to this topic; give each a KAFKA_NAMESPACE'
  );
};

const isInLog = async (
  log: SourceContext<Fact>['log'],
  { id, stream, revision }: Fact,
): Promise<boolean> => {
  try {
    return (await readOne(log, stream, { from: revision }))?.id === id;
  } catch (error) {
    if (!(error instanceof StreamGone)) throw error;
    // It was there; nothing more is known.
    return true;
  }
};
