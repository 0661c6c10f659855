import { scopeOf } from '#subscription/projection/builds.js';
import { ProjectionDatabase } from '#subscription/projection/test/projection-database.js';

import { expire } from './change.js';
import { samples, samplesSchema as schema } from './samples.projection.js';
import { loadSeries, saveSeries } from './series.js';

export type Taken = readonly (readonly [at: number, value: number | string])[];

const rules = {
  ...{ value_type: 'number', unit: 'kW', kind: 'gauge', interpolation: 'hold', declared: true },
};

/** The tables of samples, filled with what reading is tested on: roll-ups are computed by Postgres from the samples. */
export class Readings {
  private series = 0;

  private constructor(readonly database: ProjectionDatabase) {}

  static async create(): Promise<Readings> {
    const database = await ProjectionDatabase.of(samples);
    await database.pool.query(
      `create table ${schema}.every_sample partition of ${schema}.samples default`,
    );
    // Marked as what is read, as a projector does when it has caught up.
    const { name, version } = samples;
    await database.pool.query(
      `insert into read_store.projection (name, last_build) values ($1, 1)`,
      [name],
    );
    await database.pool.query(
      `insert into read_store.build (projection, build, version, hash, active) values ($1, 1, $2, '', true)`,
      [name, version],
    );
    await database.pool.query(
      `insert into subscription.checkpoint (subscription, scope, source, state) values ($1, $2, 'log', 'running')`,
      [name, scopeOf(1)],
    );
    return new Readings(database);
  }

  get pool(): ProjectionDatabase['pool'] {
    return this.database.pool;
  }

  async place(device: string, site: string, zone: string): Promise<void> {
    await this.pool.query(`insert into ${schema}.sites values ($1, $2)`, [site, zone]);
    await this.pool.query(`insert into ${schema}.devices values ($1, $2)`, [device, site]);
  }

  async add(device: string, name: string, own: object, taken: Taken): Promise<void> {
    const id = (this.series += 1);
    const row = { ...rules, ...own, id, device_id: device, name };
    await this.pool.query(
      `insert into ${schema}.series select * from json_populate_record(null::${schema}.series, $1)`,
      [JSON.stringify(row)],
    );
    const isText = (value: number | string): value is string => typeof value === 'string';
    await this.pool.query(
      `insert into ${schema}.samples (series_id, at, value, text, position)
       select $1, to_timestamp(at / 1000), value, text, 0
         from unnest($2::float8[], $3::float8[], $4::text[]) as t (at, value, text)`,
      [
        id,
        taken.map(([at]) => at),
        taken.map(([, value]) => (isText(value) ? null : value)),
        taken.map(([, value]) => (isText(value) ? value : null)),
      ],
    );
    await this.pool.query(
      `update ${schema}.series s set latest_at = l.at, latest_value = l.value, latest_text = l.text,
              latest_quality = l.quality, latest_recorded_at = l.at
         from (select * from ${schema}.samples where series_id = $1 order by at desc limit 1) l
        where s.id = $1`,
      [id],
    );
    await this.rollUp(id);
  }

  /** Drops single samples as retention does: the roll-ups stay. */
  async expire(name: string, before: string): Promise<void> {
    await this.database.store.transaction(async (client) => {
      await client.query(`set local search_path to ${schema}`);
      const { rows } = await client.query<{ device: string }>(
        `update series set first_at = (select min(at) from samples where series_id = id)
          where name = $1 returning device_id as device`,
        [name],
      );
      const all = await loadSeries(
        client,
        rows.map(({ device }) => device),
      );
      const expired = all.filter((one) => one.name === name);
      for (const one of expired) await expire(client, one, Date.parse(before));
      await saveSeries(client, expired);
    });
  }

  private async rollUp(id: number): Promise<void> {
    for (const level of ['minute', 'hour', 'day', 'month']) {
      const isZoned = level === 'day' || level === 'month';
      await this.pool.query(
        `with zone as (
           select coalesce(max(sites.zone), 'UTC') as zone from ${schema}.series s
             join ${schema}.devices d on d.id = s.device_id join ${schema}.sites on sites.id = d.site_id
            where s.id = $1
         ), cut as (
           select date_trunc('${level}', at, ${isZoned ? 'zone' : `'UTC'`}) as start, zone, at, value
             from ${schema}.samples, zone where series_id = $1 and value is not null
         ), paired as (
           select *, lead(at) over (partition by start order by at) as next_at,
                  lead(value) over (partition by start order by at) as next_value from cut
         ), timed as (
           select *, extract(epoch from next_at - at)::float8 as seconds from paired
         )
         insert into ${schema}.rollup_${level}
         select $1, count(*), start, sum(value), 0, min(value), max(value),
                min(at), (array_agg(value order by at))[1], max(at), (array_agg(value order by at desc))[1],
                coalesce(sum(value * seconds), 0), 0, coalesce(sum((value + next_value) / 2 * seconds), 0), 0,
                coalesce(max(seconds) * 1000, 0), count(*) filter (where next_value < value)
                ${isZoned ? ', min(zone)' : ''}
           from timed group by start having ${isZoned ? 'true' : 'count(*) > 1'}`,
        [id],
      );
    }
  }
}
