import type { Queryable } from '#resource/sql.js';

import { readChunks } from './chunks.js';
import { recordsInOrder, type StoredRecord } from './in-order.js';

/** Which records of an experiment. */
export interface RecordRange {
  /** Seconds of test time, both included. */
  readonly fromS?: number | undefined;
  readonly toS?: number | undefined;
  /** Counts of executed steps, both included. */
  readonly steps?: { readonly first: number; readonly last: number } | undefined;
}

/** Where a page ended: so many records of this test time were shown. */
export interface PageEnd {
  readonly testTimeS: number;
  readonly shown: number;
}

interface Wanted {
  readonly channels: boolean;
  readonly behind?: PageEnd | undefined;
}

/** Records in the order of the test time, as many at once as chunks have. */
export async function* readRecords(
  client: Queryable,
  experimentId: string,
  { fromS = -Infinity, toS = Infinity, steps }: RecordRange,
  { channels, behind }: Wanted,
): AsyncGenerator<readonly StoredRecord[]> {
  const beginS = Math.max(fromS, behind?.testTimeS ?? -Infinity);
  const range = { fromS: beginS, toS, steps, channels };
  let passedBy = behind?.shown ?? 0;
  for await (const records of recordsInOrder(readChunks(client, experimentId, range))) {
    yield records.filter(({ record: { testTimeS, stepCount } }) => {
      if (testTimeS < beginS || testTimeS > toS) return false;
      if (steps && (stepCount < steps.first || stepCount > steps.last)) return false;
      if (testTimeS !== behind?.testTimeS || passedBy === 0) return true;
      passedBy -= 1;
      return false;
    });
  }
}

export interface RecordPage {
  readonly records: readonly StoredRecord[];
  /** Where the next one begins; null: there is none. */
  readonly end: PageEnd | null;
}

export const readRecordPage = async (
  client: Queryable,
  experimentId: string,
  range: RecordRange,
  { limit, behind }: { readonly limit: number; readonly behind: PageEnd | undefined },
): Promise<RecordPage> => {
  const found: StoredRecord[] = [];
  for await (const records of readRecords(client, experimentId, range, {
    channels: true,
    behind,
  })) {
    found.push(...records);
    if (found.length > limit) break;
  }
  const records = found.slice(0, limit);
  const testTimeS = records.at(-1)?.record.testTimeS;
  if (found.length <= limit || testTimeS === undefined) return { records, end: null };
  const ofLast = records.filter(({ record }) => record.testTimeS === testTimeS).length;
  const before = behind?.testTimeS === testTimeS ? behind.shown : 0;
  return { records, end: { testTimeS, shown: ofLast + before } };
};

/** Which records a caller names. */
export interface NamedRange {
  readonly from?: number;
  readonly to?: number;
  readonly cycle?: number;
  readonly step?: number;
}

/** Undefined where there is no such cycle, or the step is of another one. */
export const recordRangeOf = async (
  client: Queryable,
  id: string,
  { from: fromS, to: toS, cycle, step }: NamedRange,
): Promise<RecordRange | undefined> => {
  const one = step === undefined ? undefined : { first: step, last: step };
  if (cycle === undefined) return { fromS, toS, steps: one };
  const all = await stepsOfCycle(client, id, cycle);
  if (!all) return undefined;
  const steps = one ?? all;
  return steps.first < all.first || steps.last > all.last ? undefined : { fromS, toS, steps };
};

/** The executed steps of a cycle; undefined where there is no such cycle. */
const stepsOfCycle = async (
  client: Queryable,
  experimentId: string,
  cycle: number,
): Promise<RecordRange['steps']> => {
  const { rows } = await client.query<{ first: number; last: number }>(
    `select (document -> 'firstStepCount')::float8 as first, (document -> 'lastStepCount')::float8 as last
       from lab_records.cycle where experiment_id = $1 and cycle = $2`,
    [experimentId, cycle],
  );
  return rows[0];
};
