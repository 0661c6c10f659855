import { describe, expect, it } from 'vitest';

import { PositionWaits } from './position-waits.js';

const at = (commit: bigint) => ({ commit, prepare: commit });
const longMs = 60_000;

describe('waiting for a position of the log', () => {
  it('ends those whose position is reached, and leaves the others', async () => {
    const waits = new PositionWaits();
    const ended: string[] = [];
    const first = waits.wait(at(5n), longMs).then(() => ended.push('first'));
    const second = waits.wait(at(9n), 50).then(() => ended.push('second'));
    waits.reached(at(4n));
    await Promise.resolve();
    expect(ended).toEqual([]);
    waits.reached(at(5n));
    await first;
    expect(ended).toEqual(['first']);
    await second;
    expect(ended).toEqual(['first', 'second']);
  });
});
