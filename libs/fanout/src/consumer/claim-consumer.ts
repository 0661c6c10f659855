import { LogUnavailable } from '#event-log/event-log.js';
import { isStoreFault } from '#read-store/store-errors.js';

import { Backoff } from '../backoff.js';
import type { Transport } from '../transport/transport.js';
import { createConsumer, readConsumer } from './consumer-row.js';
import { anchorNow, carryOutControl, type ControlContext, lastControl } from './control.js';

/** The consumer must not start: it runs on another transport, or names a topic that nobody publishes. */
export class ConsumerRefused extends Error {
  override readonly name = 'ConsumerRefused';
}

/**
 * Makes sure that the consumer may run on this transport: it is new, it runs on it already, or it was
 * reset while it was down. Waits for the store, and for the log where it must know what was asked.
 *
 * Resolves with the revision of the last control event that was carried out. Rejects with
 * `ConsumerRefused`, and when `signal` aborts.
 */
export const claimConsumer = async (
  context: ControlContext,
  topics: readonly string[],
  transport: Transport,
  signal: AbortSignal,
): Promise<bigint> => {
  const { name } = context.consumer;
  checkName(name);
  const unknown = topics.find((topic) => !transport.knows(topic));
  if (unknown !== undefined) {
    throw new ConsumerRefused(`consumer ${name} names ${unknown}, which nobody publishes`);
  }
  if (topics.length === 0) throw new ConsumerRefused(`consumer ${name} names no topic`);
  for (const backoff = new Backoff(); ;) {
    signal.throwIfAborted();
    try {
      return await claim(context, signal);
    } catch (error) {
      if (!isStoreFault(error) && !(error instanceof LogUnavailable)) throw error;
      context.logger.warn({ consumer: name, err: error }, 'the consumer waits for its stores');
      await backoff.wait(signal);
    }
  }
};

const checkName = (name: string): void => {
  if (/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) && name.length <= 40) return;
  throw new ConsumerRefused(`"${name}" is no kebab-case name of at most 40 characters`);
};

const claim = async (context: ControlContext, signal: AbortSignal): Promise<bigint> => {
  const { store, consumer, transport } = context;
  const row = await readConsumer(store, consumer.name);
  if (!row) {
    const last = await lastControl(context);
    const controlRevision = last?.revision ?? -1n;
    const controlAnchor = last ?? (await anchorNow(context.log));
    await createConsumer(store, consumer.name, { transport, controlRevision, controlAnchor });
  } else if (row.transport !== transport) await carryOutControl(context, signal);
  const now = row?.transport === transport ? row : await readConsumer(store, consumer.name);
  if (now?.transport === transport) return now.controlRevision;
  throw new ConsumerRefused(
    `consumer ${consumer.name} runs on transport ${String(now?.transport)}, whose offsets mean nothing ` +
      `to ${transport}: voltrace consumers reset ${consumer.name} --to start first`,
  );
};
