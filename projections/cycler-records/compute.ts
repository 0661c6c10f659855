import type { StatisticsOptions } from '#cycling/statistics/options.js';
import { CyclerStatistics, type StatisticsState } from '#cycling/statistics/statistics.js';
import type { Queryable } from '#resource/sql.js';

import { readChunks } from './chunks.js';
import { identityOf, recordsInOrder, type StoredRecord } from './in-order.js';
import { StatisticsTables } from './statistics-tables.js';

/** Records between two states that are kept: a late record has no more than these computed anew before it. */
const recordsOfPart = 5_000;

/** Where records were added that are not in the statistics yet. */
export interface Added {
  readonly testTimeS: number;
  /** Commit position of their chunk. */
  readonly position: bigint;
}

export interface Experiment {
  readonly id: string;
  readonly options: StatisticsOptions;
  readonly hasEnded: boolean;
}

/** What is known of a test after one of its records. */
interface Known {
  readonly part: number;
  readonly testTimeS: number;
  readonly position: bigint;
  readonly records: number;
  /** The records that were taken at this test time: others may follow. */
  readonly last: readonly string[];
  readonly statistics: StatisticsState;
}

/**
 * Brings the steps and cycles of an experiment up to its records: from the first one that was added, or from the
 * beginning where none is named. Records in between are read again from the last state that is kept before it, a
 * few at a time.
 */
export const computeStatistics = async (
  client: Queryable,
  { id, options, hasEnded }: Experiment,
  added: Added | undefined,
): Promise<void> => {
  let known = added && (await knownBefore(client, id, added));
  await client.query(
    'delete from lab_records.statistics_state where experiment_id = $1 and part > $2',
    [id, known?.part ?? -1],
  );
  const tables = new StatisticsTables(client, id);
  await tables.rewindTo(known?.statistics);
  const statistics = new CyclerStatistics(options, known?.statistics);
  let kept = known?.part ?? -1;
  const chunks = readChunks(client, id, { fromS: known?.testTimeS });
  for await (const records of recordsInOrder(chunks)) {
    const news = known ? notIn(known, records) : records;
    if (news.length === 0) continue;
    await tables.keep(statistics.add(news.map(({ record }) => record)));
    known = knownAfter(known, news, statistics.state());
    if (known.part > kept) await keepKnown(client, id, known);
    kept = known.part;
  }
  if (known) await keepKnown(client, id, known);
  if (known) await tables.keep(hasEnded ? statistics.end() : statistics.add([]));
  await tables.write();
};

const notIn = ({ testTimeS, last }: Known, records: readonly StoredRecord[]) =>
  records.filter(
    (one) =>
      one.record.testTimeS > testTimeS ||
      (one.record.testTimeS === testTimeS && !last.includes(identityOf(one))),
  );

const knownAfter = (
  before: Known | undefined,
  news: readonly StoredRecord[],
  statistics: StatisticsState,
): Known => {
  const records = (before?.records ?? 0) + news.length;
  const testTimeS = news.at(-1)?.record.testTimeS ?? 0;
  const last = news.filter(({ record }) => record.testTimeS === testTimeS).map(identityOf);
  return {
    ...{ part: Math.floor(records / recordsOfPart), records, testTimeS, statistics },
    last: before?.testTimeS === testTimeS ? [...before.last, ...last] : last,
    position: news.reduce(
      (most, { position }) => (position > most ? position : most),
      before?.position ?? 0n,
    ),
  };
};

interface Row {
  readonly part: number;
  readonly test_time_s: number;
  readonly position: string;
  readonly document: Pick<Known, 'records' | 'last' | 'statistics'>;
}

/** The last state that holds nothing which comes after the records that were added. */
const knownBefore = async (
  client: Queryable,
  id: string,
  { testTimeS, position }: Added,
): Promise<Known | undefined> => {
  const { rows } = await client.query<Row>(
    `select part, test_time_s, position, document from lab_records.statistics_state
      where experiment_id = $1 and (test_time_s < $2 or (test_time_s = $2 and position < $3))
      order by part desc limit 1`,
    [id, testTimeS, position],
  );
  const [row] = rows;
  return (
    row && {
      ...{ part: row.part, testTimeS: row.test_time_s, position: BigInt(row.position) },
      ...row.document,
    }
  );
};

const keepKnown = async (
  client: Queryable,
  id: string,
  { part, testTimeS, position, ...document }: Known,
): Promise<void> => {
  await client.query(
    `insert into lab_records.statistics_state (experiment_id, part, test_time_s, position, document)
     values ($1, $2, $3, $4, $5)
     on conflict (experiment_id, part) do update
        set test_time_s = excluded.test_time_s, position = excluded.position, document = excluded.document`,
    [id, part, testTimeS, position, JSON.stringify(document)],
  );
};
