import type { StoredEvent } from '#event-log/event-log.js';
import {
  type Absence,
  importStream,
  type Outcome,
  type RowOutcome,
} from '#product-registry/import/events.js';
import { type Moves, noteMoves } from '#read-store/moves.js';
import type { ProjectionClient } from '#subscription/projection/projection.js';

import { saveAbsences, saveDecided, saveRows } from './save-rows.js';

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
  readonly received_position: string;
  readonly last_received_at: string;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly revision: string;
  readonly position: string;
}

/** A row of a file with the run that did it. */
export interface DoneRow extends RowOutcome {
  readonly run: number;
  /** Whether somebody has decided since what of it waited. */
  readonly isDecided?: boolean;
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
  /** Rows that were done before the batch and decided in it, by import. */
  readonly decided: Map<string, Set<number>>;
  readonly decidedAbsences: { readonly id: string; readonly productId: string }[];
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
  ['received_position', 'bigint'],
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
    decided: new Map(),
    decidedAbsences: [],
  };
  if (pairs.length > 0) await loadRows(client, work, pairs);
  return work;
};

const asText: ReadonlySet<string> = new Set([
  ...['bytes', 'total', 'revision', 'position', 'received_position', 'completed_position'],
  'as_of',
]);

/** Times and 64-bit numbers as text, so that what is loaded is written back as it was. */
const selected = columns
  .map(([name, type]) => {
    if (type === 'timestamptz') {
      return `to_char(${name} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as ${name}`;
    }
    return asText.has(name) ? `${name}::text` : type === 'bigint' ? `${name}::float8` : name;
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
  await saveDecided(client, work);
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
