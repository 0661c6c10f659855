import type { StoredEvent } from '#event-log/event-log.js';
import {
  type Absence,
  importStream,
  type Outcome,
  type RowOutcome,
} from '#product-registry/import/events.js';
import { type Moves, noteMoves } from '#read-store/moves.js';
import type { ProjectionClient } from '#subscription/projection/projection.js';

/** A row of `imports`. 64-bit numbers are text, times ISO 8601. */
export interface ImportRow {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly file: string | null;
  readonly as_of: string | null;
  readonly layout: string | null;
  readonly completed_position: string | null;
  readonly sha256: string;
  readonly bytes: string;
  readonly run: number;
  readonly requested: number;
  readonly times_received: number;
  readonly total: string | null;
  readonly accepted: number;
  readonly accepted_new: number;
  readonly accepted_changed: number;
  readonly unchanged: number;
  readonly rejected: number;
  readonly needs_review: number;
  readonly failure_code: string | null;
  readonly failure_reason: string | null;
  readonly cancelled_by: string | null;
  readonly cancelled_at: string | null;
  readonly cancel_reason: string | null;
  readonly received_at: string;
  readonly received_by: string;
  readonly last_received_at: string;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly revision: string;
  readonly position: string;
}

/** A row of a file with the run that did it. */
export interface DoneRow extends RowOutcome {
  readonly run: number;
}

interface AbsencesOfRun {
  readonly run: number;
  readonly products: Map<string, AbsentProduct>;
}

/** What of a row counts. */
export type KnownRow = Pick<DoneRow, 'outcome' | 'isNew'>;

export type AbsentProduct = Absence & { readonly previous: string };

/** The imports that a batch touches, and the rows of files. */
export interface ImportsWork {
  readonly imports: Map<string, ImportRow>;
  /** Rows of files, by import and row: as they were before the batch, then as it leaves them. */
  readonly rows: Map<string, Map<number, KnownRow>>;
  readonly changedRows: Map<string, Map<number, DoneRow>>;
  /** Imports whose earlier rows go: a new run of all rows began. */
  readonly cleared: Set<string>;
  /** What the newest comparison of an import found, as far as the batch says it. */
  readonly absences: Map<string, AbsencesOfRun>;
}

const prefix = importStream('');

export const importIdOf = (stream: string): string | undefined =>
  stream.startsWith(prefix) ? stream.slice(prefix.length) : undefined;

const columns = [
  ['id', 'text'],
  ['kind', 'text'],
  ['state', 'text'],
  ['file', 'text'],
  ['as_of', 'date'],
  ['layout', 'text'],
  ['completed_position', 'bigint'],
  ['sha256', 'text'],
  ['bytes', 'bigint'],
  ['run', 'integer'],
  ['requested', 'integer'],
  ['times_received', 'integer'],
  ['total', 'bigint'],
  ['accepted', 'bigint'],
  ['accepted_new', 'bigint'],
  ['accepted_changed', 'bigint'],
  ['unchanged', 'bigint'],
  ['rejected', 'bigint'],
  ['needs_review', 'bigint'],
  ['failure_code', 'text'],
  ['failure_reason', 'text'],
  ['cancelled_by', 'text'],
  ['cancelled_at', 'timestamptz'],
  ['cancel_reason', 'text'],
  ['received_at', 'timestamptz'],
  ['received_by', 'text'],
  ['last_received_at', 'timestamptz'],
  ['started_at', 'timestamptz'],
  ['ended_at', 'timestamptz'],
  ['revision', 'bigint'],
  ['position', 'bigint'],
] as const satisfies readonly (readonly [keyof ImportRow, string])[];

export const loadWork = async (
  client: ProjectionClient,
  events: readonly StoredEvent[],
): Promise<ImportsWork> => {
  const ids = new Set<string>();
  const pairs: { id: string; row: number }[] = [];
  for (const { stream, type, data } of events) {
    const id = importIdOf(stream);
    if (id === undefined) continue;
    ids.add(id);
    if (type !== 'ImportRowsProcessed') continue;
    pairs.push(...(data['rows'] as readonly RowOutcome[]).map(({ row }) => ({ id, row })));
  }
  const work: ImportsWork = {
    imports: await loadImports(client, [...ids]),
    rows: new Map(),
    changedRows: new Map(),
    cleared: new Set(),
    absences: new Map(),
  };
  if (pairs.length > 0) await loadRows(client, work, pairs);
  return work;
};

/** Times and 64-bit numbers as text, so that what is loaded is written back as it was. */
const selected = columns
  .map(([name, type]) => {
    if (type === 'timestamptz') {
      return `to_char(${name} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as ${name}`;
    }
    const asText = ['bytes', 'total', 'revision', 'position', 'completed_position', 'as_of'];
    return asText.includes(name) ? `${name}::text` : type === 'bigint' ? `${name}::float8` : name;
  })
  .join(', ');

const loadImports = async (
  client: ProjectionClient,
  ids: readonly string[],
): Promise<Map<string, ImportRow>> => {
  const { rows } = await client.query<ImportRow>(
    `select ${selected} from imports where id = any($1)`,
    [ids],
  );
  return new Map(rows.map((row) => [row.id, row]));
};

interface StoredRow {
  readonly import_id: string;
  readonly row: number;
  readonly outcome: Outcome;
  readonly is_new: boolean | null;
}

const loadRows = async (
  client: ProjectionClient,
  { rows }: ImportsWork,
  pairs: readonly { id: string; row: number }[],
): Promise<void> => {
  const found = await client.query<StoredRow>(
    `select import_id, row::float8 as row, outcome, is_new
     from import_rows join unnest($1::text[], $2::bigint[]) as asked (id, number)
       on import_id = asked.id and row = asked.number`,
    [pairs.map(({ id }) => id), pairs.map(({ row }) => row)],
  );
  for (const { import_id: id, row, outcome, is_new: isNew } of found.rows) {
    const known = rows.get(id) ?? new Map<number, KnownRow>();
    rows.set(id, known.set(row, { outcome, ...(isNew !== null && { isNew }) }));
  }
};

export const saveWork = async (client: ProjectionClient, work: ImportsWork): Promise<void> => {
  await saveImports(client, [...work.imports.values()]);
  if (work.cleared.size > 0) {
    for (const table of ['import_rows', 'import_absences']) {
      await client.query(`delete from ${table} where import_id = any($1)`, [[...work.cleared]]);
    }
  }
  await saveRows(client, work);
  await saveAbsences(client, work);
};

const movedImports: Moves = { table: 'moved_imports', columns: ['position'] };

const saveImports = async (
  client: ProjectionClient,
  imports: readonly ImportRow[],
): Promise<void> => {
  if (imports.length === 0) return;
  const standing = 'select id, position from imports where id = any($1)';
  await noteMoves(client, movedImports, standing, [imports.map(({ id }) => id)]);
  const names = columns.map(([name]) => name);
  await client.query(
    `insert into imports (${names.join(', ')})
     select * from unnest(${columns.map(([, type], at) => `$${String(at + 1)}::${type}[]`).join(', ')})
     on conflict (id) do update
        set ${names
          .filter((name) => name !== 'id')
          .map((name) => `${name} = excluded.${name}`)
          .join(', ')}`,
    names.map((name) => imports.map((row) => row[name])),
  );
};

const saveRows = async (client: ProjectionClient, { changedRows }: ImportsWork): Promise<void> => {
  const rows = [...changedRows].flatMap(([id, done]) =>
    [...done.values()].map((row) => ({ id, ...row })),
  );
  if (rows.length === 0) return;
  await client.query(
    `insert into import_rows (import_id, row, run, outcome, product_id, manufacturer_id, problems, is_new)
     select * from unnest($1::text[], $2::bigint[], $3::integer[], $4::text[], $5::text[], $6::text[],
                          $7::jsonb[], $8::boolean[])
     on conflict (import_id, row) do update
        set run = excluded.run, outcome = excluded.outcome, is_new = excluded.is_new,
            product_id = excluded.product_id,
            manufacturer_id = excluded.manufacturer_id, problems = excluded.problems`,
    [
      rows.map(({ id }) => id),
      rows.map(({ row }) => row),
      rows.map(({ run }) => run),
      rows.map(({ outcome }) => outcome),
      rows.map(({ productId }) => productId ?? null),
      rows.map(({ manufacturerId }) => manufacturerId ?? null),
      rows.map(({ problems }) => JSON.stringify(problems ?? [])),
      rows.map(({ isNew }) => isNew ?? null),
    ],
  );
};

const saveAbsences = async (client: ProjectionClient, { absences }: ImportsWork): Promise<void> => {
  if (absences.size === 0) return;
  const rows = [...absences].flatMap(([id, { run, products }]) =>
    [...products.values()].map((product) => ({ id, run, ...product })),
  );
  await client.query(
    `insert into import_absences (import_id, product_id, run, kind, manufacturer, model, previous)
     select * from unnest($1::text[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::text[])
     on conflict (import_id, product_id) do update
        set run = excluded.run, kind = excluded.kind, manufacturer = excluded.manufacturer,
            model = excluded.model, previous = excluded.previous`,
    [
      rows.map(({ id }) => id),
      rows.map(({ productId }) => productId),
      rows.map(({ run }) => run),
      rows.map(({ kind }) => kind),
      rows.map(({ manufacturer }) => manufacturer),
      rows.map(({ model }) => model),
      rows.map(({ previous }) => previous),
    ],
  );
  await client.query(
    `delete from import_absences using unnest($1::text[], $2::integer[]) as newest (id, run)
     where import_id = newest.id and import_absences.run < newest.run`,
    [[...absences.keys()], [...absences.values()].map(({ run }) => run)],
  );
};
