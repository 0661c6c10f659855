import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Batch } from './batches.js';
import { pack, unpack } from './packed-batch.js';

const record = fc.record({
  key: fc.string(),
  value: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  headers: fc.dictionary(fc.stringMatching(/^[a-z_]{1,10}$/), fc.string()),
  partition: fc.nat({ max: 50 }),
});

const batch: fc.Arbitrary<Batch> = fc
  .uniqueArray(fc.tuple(fc.string(), fc.array(record, { minLength: 1, maxLength: 20 })), {
    selector: ([topic]) => topic,
    maxLength: 3,
  })
  .map((topics) => ({
    topics: new Map(topics),
    records: topics.length,
    events: 7,
    through: { commit: 2n ** 60n, prepare: 3n },
    lastId: 'l',
    created: new Date('2026-01-02T03:04:05.678Z'),
    first: { id: 'e', type: 'Counted', stream: 'counter-a' },
  }));

describe('a batch that passes from thread to thread', () => {
  it('arrives as it was', () => {
    fc.assert(
      fc.property(batch, (each) => {
        const [packed, handedOver] = pack(each);
        const arrived = structuredClone(packed, { transfer: handedOver });
        expect(unpack(arrived)).toEqual(each);
      }),
    );
  });
});
