import type { ProjectionClient } from '#subscription/projection/projection.js';

import type { Arriving, Content } from './arriving.js';
import { arrays, bigint, float8, int2, int4, milliseconds, timeFrom, timestamptz } from './sql.js';

/** Makes the partitions that `samples` need. Attaching one waits for nobody who reads. */
export const ensurePartitions = async (
  client: ProjectionClient,
  samples: readonly Arriving[],
): Promise<void> => {
  const months = new Set<string>();
  let day = NaN;
  for (const { at } of samples) {
    const own = Math.floor(at / dayMs);
    if (own === day) continue;
    day = own;
    months.add(monthOf(at));
  }
  const { rows } = await client.query<{ month: string }>(
    `select month from unnest($1::text[]) month
     where to_regclass('samples_' || replace(month, '-', '')) is null order by month`,
    [[...months]],
  );
  for (const { month } of rows) {
    const name = `samples_${month.replace('-', '')}`;
    await client.query(`create table ${name} (like samples including all)`);
    await client.query(
      `alter table samples attach partition ${name}
         for values from ('${month}-01T00:00Z') to ('${monthAfter(month)}-01T00:00Z')`,
    );
  }
};

/** Drops the partitions of months that end by `until` and hold nothing any more. */
export const dropEmptyPartitions = async (
  client: ProjectionClient,
  until: number,
): Promise<void> => {
  const { rows } = await client.query<{ name: string }>(
    `select relid::regclass::text as name
       from pg_partition_tree('samples'), lateral (select right(relid::regclass::text, 6) as month) own
      where isleaf and month ~ '^\\d{6}$'
        and (to_date(month, 'YYYYMM') + interval '1 month') at time zone 'UTC' <= ${timeFrom('$1::float8')}`,
    [until],
  );
  for (const { name } of rows) {
    const held = await client.query(`select from ${name} limit 1`);
    if (held.rowCount === 0) await dropUnread(client, name);
  }
};

/** Where somebody reads samples just now, the empty partition stays until the next time: nobody waits. */
const dropUnread = async (client: ProjectionClient, name: string): Promise<void> => {
  await client.query('savepoint dropping');
  try {
    await client.query('lock table samples in access exclusive mode nowait');
    await client.query(`drop table ${name}`);
  } catch (error) {
    if ((error as { code?: string }).code !== lockNotAvailable) throw error;
    await client.query('rollback to savepoint dropping');
  }
};

/** SQLSTATE of a lock that somebody else has. */
const lockNotAvailable = '55P03';

const dayMs = 86_400_000;

const monthOf = (at: number): string => new Date(at).toISOString().slice(0, 7);

const monthAfter = (month: string): string => {
  const [year = 0, number = 0] = month.split('-').map(Number);
  return monthOf(Date.UTC(year, number));
};

/** Of one statement: its parameters are copied several times, which large ones make dear. */
const maxRows = 10_000;

const insert = `
  insert into samples (series_id, at, value, quality, position, text)
  select * from unnest($1::int[], $2::timestamptz[], $3::float8[], $4::smallint[], $5::bigint[], $6::text[])`;

const columnsOf = (samples: readonly Arriving[]): unknown[] => [
  ...arrays(
    samples,
    int4(({ series }) => series.id),
    timestamptz(({ at }) => at),
    float8(({ value }) => value),
    int2(({ quality }) => quality),
    bigint(({ origin }) => origin.position),
  ),
  // Most series have no texts: then the column is left out, and filled up with nulls.
  samples.some(({ text }) => text !== null) ? samples.map(({ text }) => text) : [],
];

/** Inserts samples of which none can be there already. What is next is made ready while PostgreSQL works. */
export const insertFresh = async (
  client: ProjectionClient,
  samples: readonly Arriving[],
): Promise<void> => {
  let inserting: Promise<unknown> = Promise.resolve();
  for (let from = 0; from < samples.length; from += maxRows) {
    const columns = columnsOf(samples.slice(from, from + maxRows));
    await inserting;
    inserting = client.query(insert, columns);
  }
  await inserting;
};

/** Inserts those of a time that has none. Answers which ones they are, and what the others met. */
export const insertLate = async (
  client: ProjectionClient,
  samples: readonly Arriving[],
): Promise<{ readonly inserted: Arriving[]; readonly met: Met[] }> => {
  if (samples.length === 0) return { inserted: [], met: [] };
  const { rows } = await client.query<{ id: number; at: number }>(
    `${insert} on conflict do nothing returning series_id as id, ${milliseconds('at')} as at`,
    columnsOf(samples),
  );
  const fresh = new Set(rows.map(keyOf));
  const inserted = samples.filter((one) => fresh.has(placeOf(one)));
  const rest = samples.filter((one) => !fresh.has(placeOf(one)));
  const there = await readSamples(client, rest);
  return {
    inserted,
    met: rest.flatMap((one) => {
      const found = there.get(placeOf(one));
      return found ? [{ sample: one, there: found }] : [];
    }),
  };
};

const keyOf = ({ id, at }: { id: number; at: number }): string => `${String(id)} ${String(at)}`;
export const placeOf = ({ series, at }: Arriving): string => keyOf({ id: series.id, at });

/** A sample, and what was there at its time. */
export interface Met {
  readonly sample: Arriving;
  readonly there: Content;
}

type Found = Content & { readonly position: string };

/** What is there at the times of `samples`, by `placeOf`. */
export const readSamples = async (
  client: ProjectionClient,
  samples: readonly Arriving[],
): Promise<Map<string, Found>> => {
  if (samples.length === 0) return new Map();
  const keys = arrays(
    samples,
    int4(({ series }) => series.id),
    timestamptz(({ at }) => at),
  );
  const { rows } = await client.query<Found & { id: number; at: number }>(
    `select s.series_id as id, ${milliseconds('s.at')} as at, s.value, s.text, s.quality,
            s.position::text
     from unnest($1::int[], $2::timestamptz[]) key (id, at)
       cross join lateral (
         select * from samples where series_id = key.id and at = key.at order by at) s`,
    keys,
  );
  return new Map(rows.map((row) => [keyOf(row), row]));
};

/** Keeps values that did not count. */
export const keepConflicts = async (
  client: ProjectionClient,
  samples: readonly Arriving[],
): Promise<void> => {
  if (samples.length === 0) return;
  await client.query(
    `${insert.replace('into samples', 'into sample_conflicts')} on conflict do nothing`,
    columnsOf(samples),
  );
};
