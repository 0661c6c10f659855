import { qualities, type Quality, type SampleValue } from '#telemetry/samples/events.js';

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

export const contentOf = (value: SampleValue, quality: Quality = 'good'): Content => ({
  value: typeof value === 'string' || value === null ? null : Number(value),
  text: typeof value === 'string' ? value : null,
  quality: qualities.indexOf(quality),
});

export const isSame = (one: Content, other: Content): boolean =>
  one.value === other.value && one.text === other.text && one.quality === other.quality;

/** Roll-ups are of numbers that are not known to be wrong. */
export const isCounted = ({ value, quality }: Content): boolean => value !== null && quality < 2;

export interface Arriving extends Content {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly origin: Origin;
}

/** What is known of a series when samples of it arrive. */
export interface Known {
  readonly latestAt: number | null;
  readonly expiredBefore: number | null;
  /** Times of samples that a person took away. */
  readonly removed: ReadonlySet<number>;
}

/** Samples of one series by what becomes of them. */
export interface Sorted {
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
export const sortArriving = (samples: readonly Arriving[], known: Known): Sorted => {
  const sorted: Sorted = { fresh: [], late: [], repeated: [], refused: [], expired: [] };
  const { latestAt, expiredBefore, removed } = known;
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
  const isOrdered = samples.every(({ at }, index) => at >= (samples[index - 1]?.at ?? -Infinity));
  return isOrdered ? samples : [...samples].sort((one, other) => one.at - other.at);
};
