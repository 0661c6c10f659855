import type { ProjectionClient } from '#subscription/projection/projection.js';

import { type Arriving, isCounted, isSame, sortArriving, type Sorted } from './arriving.js';
import type { Calendar } from './buckets.js';
import { grow, type Growth } from './grow.js';
import type { Intake } from './intake.js';
import { recompute } from './recompute.js';
import type { Series } from './series.js';
import {
  ensurePartitions,
  insertFresh,
  insertLate,
  keepConflicts,
  type Placed,
  placeOf,
} from './store.js';

/** Samples of a batch by series, each series' in the order in which they came. */
export type Arrivals = ReadonlyMap<Series, readonly Arriving[]>;

/** Puts samples where they belong: new ones, late ones, those that are there already, and contradicting ones. */
export const take = async (
  client: ProjectionClient,
  arrivals: Arrivals,
  zoneOf: (series: Series) => Calendar,
  intake: Intake,
): Promise<void> => {
  const sorted = [...arrivals].map(([series, samples]) => ({
    ...{ series, zone: zoneOf(series), ...sortArriving(samples, series) },
  }));
  const all = (kind: 'fresh' | 'late' | 'refused'): Placed[] =>
    sorted.flatMap(({ series, [kind]: samples }) => samples.map((sample) => ({ series, sample })));
  const fresh = all('fresh');
  await ensurePartitions(client, [...fresh, ...all('late')]);
  await insertFresh(client, fresh);
  const { inserted, met } = await insertLate(client, all('late'));
  await keepConflicts(client, [
    ...countMet(met, intake),
    ...countRepeated(sorted, met, intake),
    ...all('refused'),
  ]);
  const accepted = [...fresh, ...inserted];
  intake.count('accepted', samplesOf(accepted));
  intake.count('conflicts', samplesOf(all('refused')));
  for (const { expired } of sorted) intake.count('expired', expired);

  await grow(client, sorted.map(growthOf));
  const late = inserted.filter(({ sample }) => isCounted(sample));
  const touched = late.map(({ series, sample: { at } }) => ({
    ...{ id: series.id, zone: zoneOf(series), at, expiredBefore: series.expiredBefore },
  }));
  await recompute(client, touched);
  for (const one of accepted) extend(one);
};

const samplesOf = (placed: readonly Placed[]): Arriving[] => placed.map(({ sample }) => sample);

type Of = Sorted & { readonly series: Series; readonly zone: Calendar };

const growthOf = ({ series: { id, latestAt }, zone, fresh: samples }: Of): Growth => ({
  ...{ id, zone, latestAt, samples },
});

type Met = Awaited<ReturnType<typeof insertLate>>['met'];

/** Answers those that contradict what is there. */
const countMet = (met: Met, intake: Intake): readonly Placed[] => {
  const same = met.filter(({ sample, there }) => isSame(sample, there));
  const others = met.filter(({ sample, there }) => !isSame(sample, there));
  intake.count('duplicates', samplesOf(same));
  intake.count('conflicts', samplesOf(others));
  return others;
};

/** As `countMet`: what counts at their time is what the first one of the batch met, or that one itself. */
const countRepeated = (sorted: readonly Of[], met: Met, intake: Intake): readonly Placed[] => {
  const there = new Map(met.map((one) => [placeOf(one), one.there]));
  return countMet(
    sorted.flatMap(({ series, repeated }) =>
      repeated.map(({ sample, first }) => ({
        ...{ series, sample },
        there: there.get(placeOf({ series, sample })) ?? first,
      })),
    ),
    intake,
  );
};

/** Widens what is known of the series by a sample that counts. */
const extend = ({ series, sample }: Placed): void => {
  const { at, origin, value, text, quality } = sample;
  if (series.firstAt === null || at < series.firstAt) series.firstAt = at;
  if (series.latestAt !== null && at <= series.latestAt) return;
  series.latestAt = at;
  series.latest = { value, text, quality };
  series.latestRecordedAt = origin.recordedAt;
};
