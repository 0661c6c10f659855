import { describe, expect, it } from 'vitest';

import { Repeats } from './repeats.js';

describe('what parts say again and again', () => {
  it('is let through once a minute', () => {
    const repeats = new Repeats();
    const at = (seconds: number) => repeats.isRepeat('Kafka does not answer', seconds * 1_000);
    expect([at(0), at(1), at(59), at(60), at(61), at(130)]).toEqual([
      ...[false, true, true, false, true, false],
    ]);
  });

  it('does not hide what another part says', () => {
    const repeats = new Repeats();
    expect([repeats.isRepeat('a', 0), repeats.isRepeat('b', 0)]).toEqual([false, false]);
  });

  it('is remembered for a bounded number of texts', () => {
    const repeats = new Repeats();
    for (let index = 0; index <= 200; index++) repeats.isRepeat(`text ${index}`, 0);
    expect(repeats.isRepeat('text 200', 1)).toBe(true);
    expect(repeats.isRepeat('text 0', 1)).toBe(false);
  });
});
