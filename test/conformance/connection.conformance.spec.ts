import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { expect, it } from 'vitest';

import { until } from '#testing/until.js';

import { identifier, readOptions, withRaw } from './raw.js';
import { sharedStore } from './suite.js';
import { appendTo, newStream, thing } from './support.js';

const store = sharedStore();

it('serves a hundred calls over one connection, and one more when one of them is over', async () => {
  await withRaw(store, async (client) => {
    const subscribe = (over = client) => {
      // A stream that nobody writes: nobody is dropped from it for being slow.
      const stream = new streams.ReadReq.Options.StreamOptions()
        .setStreamIdentifier(identifier(newStream()))
        .setStart(new shared.Empty());
      const options = readOptions()
        .setStream(stream)
        .setSubscription(new streams.ReadReq.Options.SubscriptionOptions());
      const call = over.read(new streams.ReadReq().setOptions(options));
      const subscription = { confirmed: false, error: undefined as Error | undefined };
      call.on('data', () => (subscription.confirmed = true));
      call.on('error', (error) => (subscription.error = error));
      return Object.assign(subscription, { cancel: () => call.cancel() });
    };
    const first = subscribe();
    // Until the server has said how many it takes, a client may send more.
    await until('the connection is there', () => first.confirmed);
    const others = Array.from({ length: 99 }, () => subscribe());
    await until('a hundred are served', () => others.every(({ confirmed }) => confirmed));
    const waiting = subscribe();
    // A call that came later, over a connection of its own, is served.
    await withRaw(store, async (other) => {
      const later = subscribe(other);
      await until('another connection serves it', () => later.confirmed);
      later.cancel();
    });
    expect(waiting).toMatchObject({ confirmed: false, error: undefined });
    first.cancel();
    await until('its turn came', () => waiting.confirmed);
    for (const { cancel } of [...others, waiting]) cancel();
  });
  await appendTo(store, newStream(), thing(), 'any');
});
