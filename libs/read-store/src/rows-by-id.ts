import type pg from 'pg';

type Client = Pick<pg.ClientBase, 'query'>;

/** What comes after the category: the id of the thing that a stream is of. */
const idOf = ({ stream }: { readonly stream: string }): string =>
  stream.slice(stream.indexOf('-') + 1);

/**
 * Loads and saves the working set of a projection with one row for each stream: the rows that a batch is
 * about, by the stream's id. A row names every column of the table, and `id` is its key. Numbers are text,
 * so that no digit is lost; other values are as JSON has them.
 */
export const rowsById = <Row extends { readonly id: string }>(table: string) => ({
  load: async (
    client: Client,
    events: readonly { readonly stream: string }[],
  ): Promise<Map<string, Row>> => {
    const { rows } = await client.query<{ row: Row }>(
      `select (select jsonb_object_agg(key, case jsonb_typeof(value)
                 when 'number' then to_jsonb(value #>> '{}') else value end)
                 from jsonb_each(to_jsonb(t))) as row
         from ${table} t where id = any($1)`,
      [[...new Set(events.map(idOf))]],
    );
    return new Map(rows.map(({ row }) => [row.id, row]));
  },

  save: async (client: Client, rows: Map<string, Row>): Promise<void> => {
    const [first] = rows.values();
    if (!first) return;
    const columns = Object.keys(first);
    await client.query(
      `insert into ${table} (${columns.join(', ')})
       select ${columns.join(', ')} from jsonb_populate_recordset(null::${table}, $1::jsonb)
       on conflict (id) do update
          set ${columns.map((column) => `${column} = excluded.${column}`).join(', ')}`,
      [JSON.stringify([...rows.values()])],
    );
  },
});
