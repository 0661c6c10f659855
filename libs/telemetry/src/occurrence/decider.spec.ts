import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { exampleEvents } from '#kernel/event-types.js';
import { commandMeta, givenFor } from '#testing/decider-spec.js';

import { occurrenceDecider, type Occurrences } from './decider.js';
import { occurrenceEvents, occurrenceIdOf } from './events.js';

const given = givenFor(occurrenceDecider);
const { OccurrenceRecorded: recorded } = exampleEvents(occurrenceEvents);
const record = (change: Partial<typeof recorded.data> = {}) =>
  ({
    type: 'RecordOccurrence',
    data: { ...recorded.data, ...change },
    meta: commandMeta(),
  }) as const;

describe('an occurrence', () => {
  it('is recorded once, however often it is reported', () => {
    given().when(record()).then(recorded);
    given(recorded).when(record()).thenNothing();
  });

  it.each([{ kind: 'TRIP' }, { at: '2026-05-04T11:00:00.001Z' }, { details: { energy: 1 } }])(
    'is another one with %j',
    (change) => {
      given(recorded)
        .when(record(change))
        .then({ ...recorded, data: { ...recorded.data, ...change } });
    },
  );

  it('is in the stream of its device and day', () => {
    expect(occurrenceIdOf(recorded.data)).toBe('4b0d3a52-7ad4-5c1b-9f1e-7f2b6a1e8c90.20260504');
  });

  it('is recorded once in any order, among as many as a stream remembers', () => {
    const one = fc.record({ kind: fc.constantFrom('A', 'B'), at: fc.constantFrom('1', '2', '3') });
    fc.assert(
      fc.property(fc.array(one), (reports) => {
        const state = reports.reduce<Occurrences>(
          (before, report) =>
            occurrenceDecider
              .decide(record(report), before)
              .reduce(occurrenceDecider.evolve, before),
          [],
        );
        const texts = state.map(({ kind, at }) => `${kind}${at}`);
        expect([...texts].sort()).toEqual(
          [...new Set(reports.map(({ kind, at }) => `${kind}${at}`))].sort(),
        );
      }),
    );
  });

  it('is remembered among the newest 200', () => {
    const many = Array.from({ length: 300 }, (_, n) => ({
      ...recorded,
      data: { ...recorded.data, kind: String(n) },
    }));
    const { state } = given(...many);
    expect(state).toHaveLength(200);
    expect(state.at(-1)?.kind).toBe('299');
  });
});
