import { BACKWARDS, FORWARDS, NO_STREAM, type Position } from '@eventstore/db-client';
import { beforeAll, describe, expect, it } from 'vitest';

import { sharedStore } from './suite.js';
import { appendTo, collect, commitOf, newStream, things } from './support.js';

const store = sharedStore();

/** Ids of a stretch of `$all` in order, and the position of an event behind it. */
const ids: string[] = [];
let before: Position;
let behind: Position;

const elsewhere = async (): Promise<Position> =>
  (await appendTo(store, newStream(), things(5), NO_STREAM)).position!;

beforeAll(async () => {
  before = await elsewhere();
  for (let n = 0; n < 6; n += 1) {
    const events = things(3);
    await appendTo(store, newStream('marked'), events, NO_STREAM);
    ids.push(...events.map(({ id }) => id));
  }
  behind = await elsewhere();
});

describe('walking `$all` in pages', () => {
  it.each([1, 2, 5])(
    'of %i backwards, from where the last one ended, meets each event once',
    async (maxCount) => {
      const met: string[] = [];
      let from = behind;
      while (!met.includes(ids[0]!)) {
        const page = await collect(
          store.client.readAll({ direction: BACKWARDS, fromPosition: from, maxCount }),
        );
        expect(page).toHaveLength(maxCount);
        expect(commitOf(page[0]!)).toBeLessThan(from.commit);
        // Others may write to the store at the same time.
        met.push(...page.map(({ event }) => event!.id).filter((id) => ids.includes(id)));
        from = page.at(-1)!.event!.position!;
      }
      expect(met).toEqual(ids.toReversed());
    },
  );

  it('of two forwards, from where the last one ended, meets that one again', async () => {
    const met: string[] = [];
    let from = before;
    while (from.commit < behind.commit) {
      const page = await collect(
        store.client.readAll({ direction: FORWARDS, fromPosition: from, maxCount: 2 }),
      );
      expect(commitOf(page[0]!)).toBe(from.commit);
      met.push(page[1]!.event!.id);
      from = page[1]!.event!.position!;
    }
    expect(met.filter((id) => ids.includes(id))).toEqual(ids);
  });
});
