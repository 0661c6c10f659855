import { afterAll, expect, it } from 'vitest';

import { labRounds } from '#test/faults/lab/round.js';

const rounds = labRounds();
afterAll(() => rounds.end());

it.each([1, 2])(
  'a lab under random faults holds what it must hold (seed %i)',
  async (seed) => {
    expect(await rounds.run(seed)).toEqual([]);
  },
  600_000,
);
