import type { ProjectionClient } from '#subscription/projection/projection.js';

import { type Arriving, isCounted, isSame, sortArriving, type Sorted } from './arriving.js';
import type { Calendar } from './buckets.js';
import { grow } from './grow.js';
import type { Intake } from './intake.js';
import { recompute } from './recompute.js';
import type { Series } from './series.js';
import {
  ensurePartitions,
  insertFresh,
  insertLate,
  keepConflicts,
  type Met,
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
  const sorted = [...arrivals].map(([series, samples]) => sortArriving(series, samples));
  const all = (kind: 'fresh' | 'late' | 'refused'): Arriving[] =>
    sorted.flatMap(({ [kind]: samples }) => samples);
  const fresh = all('fresh');
  const late = all('late');
  await ensurePartitions(client, fresh);
  await ensurePartitions(client, late);
  await insertFresh(client, fresh);
  const { inserted, met } = await insertLate(client, late);
  await keepConflicts(client, [
    ...countMet(met, intake),
    ...countRepeated(sorted, met, intake),
    ...all('refused'),
  ]);
  intake.count('accepted', fresh);
  intake.count('accepted', inserted);
  intake.count('conflicts', all('refused'));
  for (const { expired } of sorted) intake.count('expired', expired);

  await grow(
    client,
    sorted.map(({ series, fresh: samples }) => ({ series, zone: zoneOf(series), samples })),
  );
  const touched = inserted.filter(isCounted).map(({ series, at }) => ({
    ...{ id: series.id, zone: zoneOf(series), at, expiredBefore: series.expiredBefore },
  }));
  await recompute(client, touched);
  for (const { fresh: samples } of sorted) {
    // In the order of time.
    for (const end of [samples[0], samples.at(-1)]) if (end) extend(end);
  }
  for (const one of inserted) extend(one);
};

/** Answers those that contradict what is there. */
const countMet = (met: readonly Met[], intake: Intake): readonly Arriving[] => {
  const isRepeated = ({ sample, there }: Met): boolean => isSame(sample, there);
  const same = met.filter(isRepeated).map(({ sample }) => sample);
  const others = met.filter((one) => !isRepeated(one)).map(({ sample }) => sample);
  intake.count('duplicates', same);
  intake.count('conflicts', others);
  return others;
};

/** As `countMet`: what counts at their time is what the first one of the batch met, or that one itself. */
const countRepeated = (
  sorted: readonly Sorted[],
  met: readonly Met[],
  intake: Intake,
): readonly Arriving[] => {
  const repeated = sorted.flatMap((one) => one.repeated);
  if (repeated.length === 0) return [];
  const there = new Map(met.map((one) => [placeOf(one.sample), one.there]));
  return countMet(
    repeated.map(({ sample, first }) => ({ sample, there: there.get(placeOf(sample)) ?? first })),
    intake,
  );
};

/** Widens what is known of the series by a sample that counts. */
const extend = ({ series, at, origin, value, text, quality }: Arriving): void => {
  if (series.firstAt === null || at < series.firstAt) series.firstAt = at;
  if (series.latestAt !== null && at <= series.latestAt) return;
  series.latestAt = at;
  series.latest = { value, text, quality };
  series.latestRecordedAt = origin.recordedAt;
};
