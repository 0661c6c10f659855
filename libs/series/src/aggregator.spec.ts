import { array, assert, constantFrom, integer, property, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Aggregator, type Summary } from './aggregator.js';
import { valueOf } from './functions.js';
import { type Piece, pieceOf, type SeriesRules } from './piece.js';

const rules: SeriesRules = {
  ...{ kind: 'gauge', interpolation: 'hold', intervalMs: null, rollOver: null },
};
type Samples = readonly (readonly [at: number, value: number])[];

const summarize = (edges: readonly number[], own: SeriesRules, pieces: readonly Piece[]) => {
  const aggregator = new Aggregator(edges, own);
  for (const piece of pieces) aggregator.push(piece);
  return aggregator.end();
};
const ofSamples = (edges: readonly number[], own: SeriesRules, samples: Samples) =>
  summarize(
    edges,
    own,
    samples.map(([at, value]) => pieceOf(at, value)),
  );
const only = ([summary]: readonly Summary[]): Summary => {
  if (!summary) throw new Error('no bucket');
  return summary;
};

describe('a total', () => {
  const total: SeriesRules = { ...rules, kind: 'total' };
  const hour = 3_600_000;

  it('that climbs past what it showed before has started again', () => {
    const values = [9, 10, 0, 3, 6, 9, 12];
    const samples = values.map((value, index) => [index * hour, value] as const);
    expect(only(ofSamples([0, 99 * hour], total, samples))).toMatchObject({
      ...{ increase: 1 + 12, resets: 1, badReadings: 0 },
    });
  });

  it('is waited for to return for a day and not longer', () => {
    const after = (wait: number) =>
      only(
        ofSamples([0, 99 * hour], total, [
          [0, 100],
          [hour, 0],
          [hour + wait, 101],
        ]),
      );
    expect(after(24 * hour)).toMatchObject({ increase: 1, badReadings: 1, resets: 0, count: 2 });
    expect(after(24 * hour + 1)).toMatchObject({ increase: 101, badReadings: 0, resets: 1 });
  });

  it('keeps what is covered before a bad reading in a later bucket', () => {
    const minute = 60_000;
    const [first, second] = ofSamples([0, hour, 2 * hour], total, [
      [10 * minute, 100],
      [90 * minute, 0],
      [100 * minute, 100],
    ]);
    expect([first?.coveredMs, first?.badReadings]).toEqual([50 * minute, 0]);
    expect([second?.coveredMs, second?.badReadings]).toEqual([40 * minute, 1]);
  });

  it('passes over bad readings within bad readings', () => {
    const samples = [100, 50, 1, 60, 2, 101].map((value, index) => [index, value] as const);
    expect(only(ofSamples([0, 9], total, samples))).toMatchObject({ increase: 1, badReadings: 4 });
  });

  it('rolls over at the value that is declared, and only from near it', () => {
    const rolling = { ...total, rollOver: 1_000 };
    const last = (before: number) =>
      only(
        ofSamples([0, 9], rolling, [
          [0, before],
          [1, 5],
        ]),
      );
    expect(last(990)).toMatchObject({ increase: 15, resets: 0 });
    expect(last(400)).toMatchObject({ increase: 5, resets: 1 });
  });

  it('grows in the bucket in which that is seen', () => {
    const buckets = ofSamples([10, 20, 30, 40], total, [
      [5, 1],
      [12, 3],
      [35, 9],
    ]);
    expect(buckets.map((bucket) => valueOf('delta', bucket))).toEqual([2, null, 6]);
  });
});

describe('time that is covered', () => {
  it('goes one interval beyond a sample where the next is more than one and a half away', () => {
    const own = { ...rules, intervalMs: 10 };
    const covered = (next: number) =>
      only(
        ofSamples([0, 20], own, [
          [0, 1],
          [next, 1],
        ]),
      ).coveredMs;
    expect([covered(15), covered(16), covered(30)]).toEqual([15 + 5, 10 + 4, 10]);
  });

  it('holds nothing of a line in a hole, nor behind its end', () => {
    const own = { ...rules, interpolation: 'linear', intervalMs: 10 } as const;
    expect(
      only(
        ofSamples([0, 100], own, [
          [0, 1],
          [10, 3],
          [50, 9],
        ]),
      ),
    ).toMatchObject({
      ...{ coveredMs: 10, area: 20 },
    });
  });

  it('reaches into buckets without a sample, which have a mean over time and no plain one', () => {
    const [, empty] = ofSamples([0, 10, 20, 30], rules, [
      [5, 7],
      [25, 8],
    ]);
    if (!empty) throw new Error('no bucket');
    expect(
      ['twa', 'coverage', 'avg', 'min', 'count'].map((fn) => valueOf(fn as 'twa', empty)),
    ).toEqual([7, 1, null, null, 0]);
  });
});

it('answers the same from single samples and from any pieces of them', () => {
  const steps = array(tuple(integer({ min: 1, max: 40 }), integer({ min: -9, max: 9 })), {
    ...{ minLength: 1, maxLength: 60 },
  });
  assert(
    property(steps, constantFrom('hold', 'linear'), (given, interpolation) => {
      const own: SeriesRules = { ...rules, interpolation };
      let at = -30;
      const samples = given.map(([step, value]) => [(at += step), value] as const);
      const edges = [0, 100, 300, 500, 700];
      // Pieces as roll-ups make them: the samples of each hundred.
      const hundreds = [...new Set(samples.map(([time]) => Math.floor(time / 100)))];
      const pieces = hundreds.map((hundred) => {
        const some = samples.filter(([time]) => Math.floor(time / 100) === hundred);
        const span = [some[0]?.[0] ?? 0, some.at(-1)?.[0] ?? 0] as const;
        const { sum, min, max, area, count } = only(ofSamples([span[0], span[1] + 1], own, some));
        const [firstValue = 0, lastValue = 0] = [some[0]?.[1], some.at(-1)?.[1]];
        return {
          firstAt: span[0],
          firstValue,
          lastAt: span[1],
          lastValue,
          count,
          sum,
          min,
          max,
          area,
        };
      });
      const shown = (summaries: readonly Summary[]) =>
        summaries.map((summary) =>
          (['avg', 'min', 'max', 'first', 'last', 'twa', 'delta', 'coverage'] as const).map((fn) =>
            valueOf(fn, summary)?.toFixed(9),
          ),
        );
      expect(shown(summarize(edges, own, pieces))).toEqual(shown(ofSamples(edges, own, samples)));
    }),
    { seed: 12, numRuns: 300 },
  );
});
