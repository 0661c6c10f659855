import { describe, expect, it } from 'vitest';

import { DroppedRepeats } from './dropped-repeats.js';

const withRepeats = (deadlines: readonly number[]): [DroppedRepeats, string[]] => {
  const repeats = new DroppedRepeats();
  const answers: string[] = [];
  for (const [index, deadline] of deadlines.entries()) {
    repeats.add({ deadline, done: ({ kind }) => answers.push(`${index} ${kind}`) });
  }
  return [repeats, answers];
};

describe('dropped repeats', () => {
  it('are answered once, when their time is up', () => {
    const [repeats, answers] = withRepeats([10, 30, 20]);
    repeats.expire(9);
    expect(answers).toEqual([]);
    repeats.expire(20);
    expect(answers).toEqual(['0 timeout', '2 timeout']);
    repeats.expire(30);
    repeats.endAll();
    expect(answers).toEqual(['0 timeout', '2 timeout', '1 timeout']);
  });

  it('are all answered at the end', () => {
    const [repeats, answers] = withRepeats([10, 30]);
    repeats.endAll();
    expect(answers).toEqual(['0 timeout', '1 timeout']);
  });

  it('are 10,000 at most: beyond, the oldest is answered at once', () => {
    const [, answers] = withRepeats(Array.from({ length: 10_002 }, () => 10));
    expect(answers).toEqual(['0 timeout', '1 timeout']);
  });
});
