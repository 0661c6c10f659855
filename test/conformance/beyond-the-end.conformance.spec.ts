import { END, NO_STREAM } from '@eventstore/db-client';
import { describe, expect, it } from 'vitest';

import { until } from '#testing/until.js';

import { follow } from './follow.js';
import { itNodeOnly, sharedStore } from './suite.js';
import { appendTo, at, idOf, marker, newStream, ownAfter, placeOf, things } from './support.js';

const store = sharedStore();

describe('a subscription from beyond the end', () => {
  it('is confirmed, live and silent: the position may be of another log', async () => {
    const resumeFrom = await marker(store);
    const beyond = resumeFrom.commit + 1_000_000_000n;
    const client = store.connect();
    const followed = follow(client, { fromPosition: at(beyond) });
    await until('it is live', () => followed.caughtUp > 0);
    // What came to a later subscriber of the same connection would have come to the earlier one.
    const later = follow(client, { fromPosition: END, resumeFrom });
    await until('the later one is live', () => later.caughtUp > 0);
    await appendTo(store, newStream(), things(3), NO_STREAM);
    await until('the later one has them', () => later.events.length === 3);
    expect(followed).toMatchObject({ events: [], caughtUp: 1, error: undefined });
    await Promise.all([followed.stop(), later.stop()]);
  });

  // Positions of the node grow by at most 40, those of a server are offsets in a file.
  itNodeOnly('gets what comes to lie beyond its position', async () => {
    const from = await marker(store);
    const beyond = from.commit + 500n;
    const followed = follow(store.connect(), { fromPosition: at(beyond) });
    await until('it is live', () => followed.caughtUp > 0);
    await appendTo(store, newStream(), things(1_000), NO_STREAM);
    const expected = (await ownAfter(store, from)).filter((event) => placeOf(event) > beyond);
    await until('they came', () => followed.events.length >= expected.length);
    expect(followed.events.map(idOf)).toEqual(expected.map(idOf));
    expect(followed.error).toBeUndefined();
    await followed.stop();
  });
});
