import { END, NO_STREAM, type Position, TimeoutError } from '@eventstore/db-client';
import { expect, it } from '@jest/globals';

import { until } from '#testing/until.js';

import { follow } from './follow.js';
import { describeNodeOnly, ownStore } from './suite.js';
import { appendTo, newStream, things } from './support.js';

describeNodeOnly('the node', () => {
  const store = ownStore();

  it('drops a live reader that takes nothing for a second, which resumes after what it got, misses nothing, and holds nobody up', async () => {
    const quick = follow(store.connect(), { fromPosition: END });
    const client = store.connect();
    const received: string[] = [];
    let dropped = 0;
    let resumeFrom: Position | typeof END = END;
    let delayMs = 200;
    let total = Infinity;
    const read = async (): Promise<void> => {
      const options = { fromPosition: resumeFrom };
      for await (const { event } of client.subscribeToAll(options, { highWaterMark: 1 })) {
        if (event === undefined) continue;
        received.push(event.id);
        resumeFrom = event.position;
        if (received.length >= total) return;
        if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
      }
    };
    const reading = (async (): Promise<void> => {
      while (received.length < total) {
        await read().catch((error: unknown) => {
          if (!(error instanceof TimeoutError)) throw error;
          expect(error.message).toContain('Consumer too slow to handle event while live');
          dropped += 1;
          delayMs = 0;
        });
      }
    })();
    await until('the quick one is live', () => quick.caughtUp > 0);
    let written = 0;
    // Large, so that few of them lie on the way between the two.
    const data = { text: 'x'.repeat(20_000) };
    while (dropped === 0) {
      const events = things(20).map((event) => ({ ...event, data }));
      await appendTo(store, newStream(), events, NO_STREAM);
      written += 20;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await until('the quick one has all', () => quick.events.length >= written);
    total = written;
    // Where it had all already, one more lets it look.
    await appendTo(store, newStream(), things(1), NO_STREAM);
    await until('the slow one has all', () => received.length >= written);
    expect(received.slice(0, written)).toEqual(
      quick.events.slice(0, written).map(({ event }) => event?.id),
    );
    expect(new Set(received).size).toBe(received.length);
    await reading;
    await quick.stop();
  });
});

describeNodeOnly('as a server does', () => {
  const server = ownStore({ EVENT_NODE_ANSWERS: 'as-a-server' });

  it.each([
    [32, false],
    [33, true],
  ])('a burst of %i events drops a live reader: %s', async (count, isDropped) => {
    let error: Error | undefined;
    let received = 0;
    let isLive = false;
    const subscription = server.connect().subscribeToAll({ fromPosition: END });
    subscription
      .on('caughtUp', () => (isLive = true))
      .on('data', () => (received += 1))
      .on('error', (failure) => (error = failure));
    await until('it is live', () => isLive);
    await appendTo(server, newStream(), things(count), NO_STREAM);
    await until('it ended or has all', () => error !== undefined || received === count);
    expect(error).toEqual(isDropped ? expect.any(TimeoutError) : undefined);
    expect(received).toBe(isDropped ? 0 : count);
    await subscription.unsubscribe();
  });
});
