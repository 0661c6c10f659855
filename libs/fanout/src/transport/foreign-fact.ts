import { LogUnavailable, StreamGone } from '#event-log/event-log.js';
import { pause } from '#event-log/pause.js';

import { Backoff } from '../backoff.js';
import type { Fact } from '../fact.js';
import type { Incoming, TransportContext } from './transport.js';

/** A node of the store that lags behind the one that was published from may not have it yet. */
const looks = 10;
const lookAgainMs = 500;

/**
 * Why the first fact of `records` is not from our event log; undefined where it is, or where none is
 * among them. Two systems on one cluster without namespaces would otherwise take each other's facts.
 * Waits for the log as long as it takes; undefined when `signal` aborts.
 */
export const foreignFact = async (
  { log, report }: Pick<TransportContext, 'log' | 'report'>,
  topic: string,
  records: readonly Incoming[],
  signal: AbortSignal,
): Promise<string | undefined> => {
  const first = records.find(({ content }) => !('problem' in content));
  if (!first || 'problem' in first.content) return undefined;
  const fact: Fact = first.content;
  const backoff = new Backoff();
  for (let look = 1; look <= looks && !signal.aborted;) {
    try {
      if (await isInLog(log, fact)) return undefined;
      look += 1;
      await pause(lookAgainMs, signal);
    } catch (error) {
      if (!(error instanceof LogUnavailable)) throw error;
      report.waits(topic, error.reason);
      await backoff.wait(signal);
      report.waits(topic, undefined);
    }
  }
  if (signal.aborted) return undefined;
  return (
    `the fact at offset ${String(first.offset)} (${fact.stream}, revision ${String(fact.revision)}) ` +
    'is not in the event log: another system publishes to this topic; give each a KAFKA_NAMESPACE'
  );
};

const isInLog = async (
  log: TransportContext['log'],
  { id, stream, revision }: Fact,
): Promise<boolean> => {
  let found = false;
  try {
    // Read to its end: who leaves early resets the call on the wire.
    for await (const event of log.readStream(stream, { from: revision, limit: 1 })) {
      found = event.id === id;
    }
  } catch (error) {
    if (!(error instanceof StreamGone)) throw error;
    // It was there, and nobody can say more.
    return true;
  }
  return found;
};
