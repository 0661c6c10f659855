import { describe, expect, it } from 'vitest';

import { factsOf } from './parked-list.js';

describe('what a command names a parked event by', () => {
  const parked = {
    ...{ id: '7', subscription: 'ledger', scope: 'topic', revision: null, position: null },
    ...{ eventId: '0d1c5f0a-4f0e-5a8e-9c8d-3b6f6a2c1e11', attempts: 1, error: 'no fact' },
    ...{ stream: 'k'.repeat(1_000_000), parkedAt: '2026-01-02T03:04:05.678Z' },
  };

  it('has room in an event, however long the key of an undecodable record is', () => {
    expect(JSON.stringify(factsOf({ ...parked, type: null })).length).toBeLessThan(1_000);
  });

  it('has the whole key of an event, by which those behind it are found', () => {
    expect(factsOf({ ...parked, type: 'Counted' }).key).toBe(parked.stream);
  });
});
