import { describe, it } from 'vitest';

import { exampleEvents } from '#kernel/event-types.js';
import { commandMeta, givenFor } from '#testing/decider-spec.js';

import { type CyclerSamplesCommand, cyclerSamplesDecider } from './decider.js';
import { cyclerSamplesEvents } from './events.js';

const given = givenFor(cyclerSamplesDecider);
const { CyclerSamplesRecorded: recorded } = exampleEvents(cyclerSamplesEvents);
const { seen: _, ...columns } = recorded.data;
const record = (hash: string): CyclerSamplesCommand => ({
  ...{ type: 'RecordCyclerSamples', data: { ...columns, hash }, meta: commandMeta() },
});
const chunk = (hash: string, ...before: readonly string[]) => ({
  ...recorded,
  data: { ...columns, hash, seen: [...before, hash] },
});

describe('the records of an experiment', () => {
  it('are there once, however often a chunk comes', () => {
    given().when(record('a')).then(chunk('a'));
    given(chunk('a')).when(record('b')).then(chunk('b', 'a'));
    given(chunk('a'), chunk('b', 'a')).when(record('a')).thenNothing();
  });

  it('are remembered by the newest 64 chunks', () => {
    const hashes = Array.from({ length: 64 }, (_, index) => `h${String(index)}`);
    const last = { ...recorded, data: { ...columns, hash: 'h63', seen: hashes } };
    given(last)
      .when(record('x'))
      .then(chunk('x', ...hashes.slice(1)));
  });
});
