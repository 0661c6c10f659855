import { qualities, type Quality, type SampleValue } from '#telemetry/samples/events.js';

import type { Series } from './series.js';

/** By what an event came, for the counts of the intake and for whoever asks later. */
export interface Origin {
  readonly device: string;
  readonly way: string;
  readonly recordedAt: number;
  /** Place of the event in the log. */
  readonly position: bigint;
}

/** A sample as tables hold it: exactly one of `value` and `text`; a boolean is 1 or 0. */
export interface Content {
  readonly value: number | null;
  readonly text: string | null;
  readonly quality: number;
}

export const isSame = (one: Content, other: Content): boolean =>
  one.value === other.value && one.text === other.text && one.quality === other.quality;

/** Roll-ups are of numbers that are not known to be wrong. */
export const isCounted = ({ value, quality }: Content): boolean => value !== null && quality < 2;

export interface Arriving extends Content {
  readonly series: Series;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly origin: Origin;
}

export const arriving = (
  series: Series,
  at: number,
  origin: Origin,
  value: SampleValue,
  quality: Quality = 'good',
): Arriving => ({
  series,
  at,
  origin,
  value: typeof value === 'string' || value === null ? null : Number(value),
  text: typeof value === 'string' ? value : null,
  quality: qualities.indexOf(quality),
});

/** Samples of one series by what becomes of them. */
export interface Sorted {
  readonly series: Series;
  /** Newer than all before, in the order of their times. */
  readonly fresh: Arriving[];
  /** Among or before those that are there: some may be there already. */
  readonly late: Arriving[];
  /** Another one of the same time came before, in the same batch. */
  readonly repeated: { readonly sample: Arriving; readonly first: Arriving }[];
  /** A person said that there is none at their time. */
  readonly refused: Arriving[];
  /** The single samples of their time were dropped, so that nobody can tell whether they are new. */
  readonly expired: Arriving[];
}

/** `samples` in the order in which they came. */
export const sortArriving = (series: Series, samples: readonly Arriving[]): Sorted => {
  const sorted: Sorted = { series, fresh: [], late: [], repeated: [], refused: [], expired: [] };
  const { latestAt, expiredBefore, removed } = series;
  let first: Arriving | undefined;
  for (const sample of inOrder(samples)) {
    const { at } = sample;
    if (expiredBefore !== null && at < expiredBefore) sorted.expired.push(sample);
    else if (removed.has(at)) sorted.refused.push(sample);
    else if (first?.at === at) sorted.repeated.push({ sample, first });
    else {
      first = sample;
      (latestAt === null || at > latestAt ? sorted.fresh : sorted.late).push(sample);
    }
  }
  return sorted;
};

/** By time; those of one time stay in the order in which they came. */
const inOrder = (samples: readonly Arriving[]): readonly Arriving[] => {
  let before = -Infinity;
  for (const { at } of samples) {
    if (at < before) return [...samples].sort((one, other) => one.at - other.at);
    before = at;
  }
  return samples;
};
