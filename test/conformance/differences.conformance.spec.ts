import { beforeAll, describe, expect, it } from 'vitest';

import { differences, triedOn } from './differences.js';
import { measured } from './differences/measure.js';
import { sharedStore } from './suite.js';
import { target } from './target.js';

const store = sharedStore();
const tried = triedOn(target);
let observed: ReadonlyMap<string, string>;

// Most of them are waited for, all at once.
beforeAll(async () => {
  observed = await measured(store, tried);
});

describe(`what differs, as a ${target} answers it`, () => {
  it.each(tried.map(({ key, situation, [target]: answer }) => [situation, answer, key]))(
    '%s: %s',
    (_, answer, key) => {
      expect(observed.get(key)).toBe(answer);
    },
  );

  const untried = differences.filter((difference) => !tried.includes(difference));
  if (untried.length > 0) {
    it.skip.each(untried.map(({ situation, node }) => [situation, node]))(
      '%s: %s, of the node alone',
      () => undefined,
    );
  }
});
