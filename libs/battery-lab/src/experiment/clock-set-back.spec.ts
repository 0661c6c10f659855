import { expect, it } from 'vitest';

import { at, issued, running, stateOf, tripped } from './experiment.fixture.js';
import { dueAt, reactionsTo } from './reactions.js';

const state = stateOf([...running, tripped, issued('output-off')]);
const issuedAt = Date.parse(at);

it('tells again at once what was told before the clock was set back, and says that it is late', () => {
  const now = issuedAt - 600_000;
  expect(reactionsTo(state, now)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ do: 'repeat', instruction: 'output-off' }),
      expect.objectContaining({ do: 'escalate', kind: 'outputOffNotConfirmed' }),
    ]),
  );
  expect(dueAt(state, now)).toBeLessThan(now);
});

it('waits for an answer where clocks are read with some error', () => {
  const now = issuedAt - 500;
  expect(reactionsTo(state, now)).not.toContainEqual(expect.objectContaining({ do: 'repeat' }));
  expect(dueAt(state, now)).toBe(issuedAt + 1_000);
});
