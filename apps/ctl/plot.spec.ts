import { describe, expect, it } from 'vitest';

import { braillePlot } from './plot.js';

describe('a braille plot', () => {
  it('joins neighbours and leaves gaps', () => {
    expect(braillePlot([0, 1], { width: 1, height: 1 })).toEqual(['1 ⣸']);
    expect(braillePlot([1, null, null, 0], { width: 2, height: 1 })).toEqual(['1 ⠁⢀']);
  });

  it('names the highest and the lowest value', () => {
    const lines = braillePlot([0, 2.5], { width: 2, height: 2 });
    expect(lines.map((line) => line.slice(0, 4))).toEqual(['2.5 ', '  0 ']);
  });
});
