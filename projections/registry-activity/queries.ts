import type pg from 'pg';

import { decodeCursor, encodeCursor, type PageOf } from '#http/paging.js';

/** A row of the API. Days are of the time at which changes were recorded, in UTC. */
export interface ActivityView {
  readonly day: string;
  readonly manufacturer: {
    readonly id: string;
    /** Null until its registration has arrived. */
    readonly name: string | null;
    /** Which manufacturer it was merged into. */
    readonly mergedInto: string | null;
  };
  readonly kind: string;
  readonly changes: number;
  readonly firstAt: string;
  readonly lastAt: string;
}

export interface ActivityFilter {
  /** Both included. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly manufacturerId?: string | undefined;
  readonly kind?: string | undefined;
  /**
   * `apart`: under the manufacturer that a change was made to, merged or not. `into`: under the one
   * that answers for it now.
   */
  readonly merged?: 'apart' | 'into' | undefined;
}

/** The newest day first, and of each day the manufacturers by name. */
interface Place {
  readonly day: string;
  readonly name: string;
  readonly manufacturerId: string;
  readonly kind: string;
}

interface Row {
  readonly day: string;
  readonly manufacturer_id: string;
  readonly name: string | null;
  readonly name_key: string;
  readonly merged_into: string | null;
  readonly kind: string;
  readonly changes: string;
  readonly first_at: Date;
  readonly last_at: Date;
}

/** Where the mergers of each merged manufacturer lead in the end; a chain longer than that is broken. */
const survivors = `
  recursive step (id, survivor_id, length) as (
    select id, merged_into, 1 from analytics.manufacturer where merged_into is not null
    union all
    select step.id, next.merged_into, step.length + 1
      from step join analytics.manufacturer next on next.id = step.survivor_id
     where next.merged_into is not null and step.length < 100
  ),
  survivor as (
    select distinct on (id) id, survivor_id from step order by id, length desc
  )`;

const sources = {
  apart: { with: '', from: 'analytics.registry_activity' },
  into: {
    with: `with ${survivors},
      joined as (
        select counted.day, coalesce(survivor_id, manufacturer_id) as manufacturer_id, counted.kind,
               sum(changes) as changes, min(first_at) as first_at, max(last_at) as last_at
          from analytics.registry_activity counted
          left join survivor on survivor.id = counted.manufacturer_id
         group by 1, 2, 3
      )`,
    from: 'joined',
  },
};

/** As it was shown when the walk over pages began, in whichever case. $10 are the names that were known then. */
const nameKey =
  'lower(case when m.named_in <= $10::bigint then coalesce(m.name, a.manufacturer_id) else a.manufacturer_id end)';

/** The number under which the newest names became known. */
const newestNames = async (pool: Pick<pg.Pool, 'query'>): Promise<string> => {
  const { rows } = await pool.query<{ newest: string }>(
    'select coalesce(max(named_in), 0)::text as newest from analytics.manufacturer',
  );
  return rows[0]?.newest ?? '0';
};

const rowsBehind = async (
  pool: Pick<pg.Pool, 'query'>,
  { from, to, manufacturerId, kind, merged = 'apart' }: ActivityFilter,
  place: Place | undefined,
  limit: number,
  names: string,
): Promise<Row[]> => {
  const source = sources[merged];
  const { rows } = await pool.query<Row>(
    `${source.with}
     select a.day::text, a.manufacturer_id, m.name, ${nameKey} as name_key, m.merged_into, a.kind,
            a.changes::text, a.first_at, a.last_at
       from ${source.from} a left join analytics.manufacturer m on m.id = a.manufacturer_id
      where ($1::date is null or a.day >= $1) and ($2::date is null or a.day <= $2)
        and ($3::text is null or a.manufacturer_id = $3)
        and ($4::text is null or a.kind = $4)
        and ($5::date is null or a.day < $5
             or (a.day = $5 and (${nameKey}, a.manufacturer_id, a.kind) > ($6::text, $7::text, $8::text)))
      order by a.day desc, name_key, a.manufacturer_id, a.kind
      limit $9`,
    [
      from ?? null,
      to ?? null,
      manufacturerId ?? null,
      kind ?? null,
      place?.day ?? null,
      place?.name ?? null,
      place?.manufacturerId ?? null,
      place?.kind ?? null,
      limit,
      names,
    ],
  );
  return rows;
};

const view = (row: Row): ActivityView => ({
  day: row.day,
  manufacturer: { id: row.manufacturer_id, name: row.name, mergedInto: row.merged_into },
  kind: row.kind,
  changes: Number(row.changes),
  firstAt: row.first_at.toISOString(),
  lastAt: row.last_at.toISOString(),
});

/**
 * A page, the newest day first. The pages of one walk keep to the order of its start, though names become
 * known meanwhile. Throws a `Refusal` (`CURSOR_INVALID`).
 */
export const listActivity = async (
  pool: Pick<pg.Pool, 'query'>,
  filter: ActivityFilter,
  { cursor, limit }: { readonly cursor: string | undefined; readonly limit: number },
): Promise<PageOf<ActivityView>> => {
  const context = JSON.stringify(['registry-activity', filter]);
  const { place, names } =
    cursor === undefined
      ? { place: undefined, names: await newestNames(pool) }
      : walkIn(cursor, context);
  const rows = await rowsBehind(pool, filter, place, limit + 1, names);
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return {
    items: items.map(view),
    nextCursor:
      rows.length > limit && last
        ? encodeCursor([...Object.values<string>({ ...placeOf(last) }), names], context)
        : null,
  };
};

/** Every row, page by page: from a snapshot, in which no count is added meanwhile. */
export async function* allActivity(
  pool: Pick<pg.Pool, 'query'>,
  filter: ActivityFilter,
  pageSize = 1_000,
): AsyncGenerator<ActivityView> {
  const names = await newestNames(pool);
  let place: Place | undefined;
  for (;;) {
    const rows = await rowsBehind(pool, filter, place, pageSize, names);
    yield* rows.map(view);
    const last = rows.at(-1);
    if (!last || rows.length < pageSize) return;
    place = placeOf(last);
  }
}

const placeOf = ({ day, name_key: name, manufacturer_id: manufacturerId, kind }: Row): Place => ({
  day,
  name,
  manufacturerId,
  kind,
});

const walkIn = (cursor: string, context: string): { place: Place; names: string } => {
  const shape = ['day', 'text', 'text', 'text', 'bigint'] as const;
  const [day, name, manufacturerId, kind, names] = decodeCursor(cursor, context, shape);
  return { place: { day, name, manufacturerId, kind }, names };
};
