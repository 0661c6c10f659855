import { Backoff } from './backoff.js';
import {
  anchorNow,
  carryOutControl,
  type ControlContext,
  lastControl,
} from './control/carry-out.js';
import { isTransient } from './follower.js';
import { createSubscription, readSubscription } from './subscription-row.js';

/** The subscription must not start: it runs on another source, or its name is none. */
export class SubscriptionRefused extends Error {
  override readonly name = 'SubscriptionRefused';
}

/**
 * Makes sure that the subscription may run on this source: it is new, it runs on it already, or it was
 * reset while it was down. Waits for the store, and for the log where it has to know what was requested.
 *
 * Resolves with the revision of the last control event that was carried out. Rejects with
 * `SubscriptionRefused`, with what `scopes` fails by, and when `signal` aborts.
 */
export const claimSubscription = async (
  context: ControlContext,
  signal: AbortSignal,
): Promise<bigint> => {
  const { name } = context.follower;
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length > 40) {
    throw new SubscriptionRefused(`"${name}" is no kebab-case name of at most 40 characters`);
  }
  for (const backoff = new Backoff(); ;) {
    signal.throwIfAborted();
    try {
      const seen = await claim(context, signal);
      await context.follower.scopes();
      return seen;
    } catch (error) {
      if (!isTransient(error)) throw error;
      const fields = { subscription: name, err: error };
      context.logger.warn(fields, 'the subscription waits for its stores');
      await backoff.wait(signal);
    }
  }
};

const claim = async (context: ControlContext, signal: AbortSignal): Promise<bigint> => {
  const { store, log, follower, source } = context;
  const row = await readSubscription(store, follower);
  if (!row) {
    const last = await lastControl(context);
    const controlRevision = last?.revision ?? -1n;
    const controlAnchor = last ?? (await anchorNow(log));
    const first = { source, controlRevision, controlAnchor };
    await createSubscription(store, follower, follower.kind, first);
  } else if (row.source !== source) await carryOutControl(context, signal);
  const now = row?.source === source ? row : await readSubscription(store, follower);
  if (now?.source === source) return now.controlRevision;
  throw new SubscriptionRefused(
    `subscription ${follower.name} runs on source ${String(now?.source)}, whose offsets mean nothing ` +
      `to ${source}: voltrace subscriptions reset ${follower.name} --to start first`,
  );
};
