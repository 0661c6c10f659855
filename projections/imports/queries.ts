import type { Pool } from 'pg';

import { decodeCursor, encodeCursor, type PageOf } from '#http/paging.js';
import type { Outcome, RowProblem } from '#product-registry/import/events.js';
import { type ListQuery, pageOf, type Sorted, type SortKey } from '#read-store/keyset.js';
import { schemaOf } from '#read-store/projection.js';

import { imports } from './imports.projection.js';

const schema = schemaOf(imports);

/** An import in a list. */
export interface ListedImport {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly rows: {
    readonly total: number | null;
    readonly accepted: number;
    readonly unchanged: number;
    readonly rejected: number;
    readonly needsReview: number;
  };
  readonly run: number;
  readonly file: string | null;
  readonly sha256: string;
  readonly bytes: number;
  readonly failure: { readonly code: string; readonly reason: string } | null;
  /** Who cancelled the import; null where nobody did since its last run began. */
  readonly cancellation: {
    readonly by: string;
    readonly at: Date;
    readonly reason: string | null;
  } | null;
  readonly timesReceived: number;
  readonly receivedAt: Date;
  readonly receivedBy: string;
  readonly lastReceivedAt: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly revision: number;
  readonly position: string;
}

interface Selected {
  id: string;
  kind: string;
  state: string;
  file: string | null;
  sha256: string;
  bytes: number;
  run: number;
  times_received: number;
  total: number | null;
  accepted: number;
  unchanged: number;
  rejected: number;
  needs_review: number;
  failure_code: string | null;
  failure_reason: string | null;
  cancelled_by: string | null;
  cancelled_at: Date | null;
  cancel_reason: string | null;
  received_at: Date;
  received_by: string;
  last_received_at: Date;
  started_at: Date | null;
  ended_at: Date | null;
  revision: number;
  position: string;
}

const selected = `id, kind, state, file, sha256, bytes::float8, run, times_received, total::float8,
  accepted::float8, unchanged::float8, rejected::float8, needs_review::float8, failure_code,
  failure_reason, cancelled_by, cancelled_at, cancel_reason, received_at, received_by, last_received_at, started_at, ended_at, revision::float8,
  position::text`;

const listed = (row: Selected): ListedImport => ({
  id: row.id,
  kind: row.kind,
  state: row.state,
  rows: {
    total: row.total,
    accepted: row.accepted,
    unchanged: row.unchanged,
    rejected: row.rejected,
    needsReview: row.needs_review,
  },
  run: row.run,
  file: row.file,
  sha256: row.sha256,
  bytes: row.bytes,
  failure:
    row.failure_code === null ? null : { code: row.failure_code, reason: row.failure_reason ?? '' },
  cancellation:
    row.cancelled_by === null || row.cancelled_at === null
      ? null
      : { by: row.cancelled_by, at: row.cancelled_at, reason: row.cancel_reason },
  timesReceived: row.times_received,
  receivedAt: row.received_at,
  receivedBy: row.received_by,
  lastReceivedAt: row.last_received_at,
  startedAt: row.started_at,
  endedAt: row.ended_at,
  revision: row.revision,
  position: row.position,
});

export const findImport = async (
  pool: Pick<Pool, 'query'>,
  id: string,
): Promise<ListedImport | undefined> => {
  const { rows } = await pool.query<Selected>(
    `select ${selected} from ${schema}.imports where id = $1`,
    [id],
  );
  return rows[0] && listed(rows[0]);
};

export interface ImportFilter {
  readonly state?: string | undefined;
  readonly kind?: string | undefined;
}

export interface PageAsked {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/**
 * Imports, the one that changed last first. Throws a `Refusal` (`CURSOR_INVALID`, `CURSOR_EXPIRED`).
 */
export const listImports = async (
  pool: Pick<Pool, 'query'>,
  { state, kind }: ImportFilter,
  { limit, cursor }: PageAsked,
): Promise<PageOf<ListedImport>> => {
  const list: ListQuery = {
    select: selected,
    from: `${schema}.imports as imports`,
    id: 'imports.id',
    sort: { key: byPosition, descending: true },
    moves: `${schema}.moved_imports`,
    filter: (parameters) => [
      ...(state === undefined ? [] : [`imports.state = ${parameters.add(state)}`]),
      ...(kind === undefined ? [] : [`imports.kind = ${parameters.add(kind)}`]),
    ],
  };
  const context = JSON.stringify(['imports', state ?? null, kind ?? null]);
  const page = await pageOf<Selected & Sorted>(pool, list, { cursor, limit, context });
  return { items: page.items.map(listed), nextCursor: page.nextCursor };
};

const byPosition: SortKey = {
  expression: 'imports.position',
  type: 'bigint',
  nullable: false,
  former: 'position',
};

/** What became of one row of a file. */
export interface ImportedRow {
  readonly row: number;
  readonly outcome: Outcome;
  readonly productId?: string;
  readonly manufacturerId?: string;
  readonly problems: readonly RowProblem[];
}

interface SelectedRow {
  row: number;
  outcome: Outcome;
  product_id: string | null;
  manufacturer_id: string | null;
  problems: readonly RowProblem[];
}

export interface RowFilter {
  readonly outcome?: Outcome | undefined;
  /** Only rows with, or only rows without problems. */
  readonly problems?: boolean | undefined;
}

/** Rows of an import in the order of the file. */
export const listRows = async (
  pool: Pick<Pool, 'query'>,
  importId: string,
  { outcome, problems }: RowFilter,
  { limit, cursor }: PageAsked,
): Promise<PageOf<ImportedRow>> => {
  const context = JSON.stringify(['import-rows', importId, outcome ?? null, problems ?? null]);
  const [after = '0'] = cursor === undefined ? [] : decodeCursor(cursor, context, ['bigint']);
  const { rows } = await pool.query<SelectedRow>(
    `select row::float8 as row, outcome, product_id, manufacturer_id, problems
     from ${schema}.import_rows
     where import_id = $1 and row > $2::bigint and ($3::text is null or outcome = $3)
       and ($4::boolean is null or (problems <> '[]'::jsonb) = $4)
     order by import_rows.row limit $5`,
    [importId, after, outcome ?? null, problems ?? null, limit + 1],
  );
  const items = rows.slice(0, limit).map(importedRow);
  const last = items.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { items, nextCursor: more ? encodeCursor([String(last.row)], context) : null };
};

const importedRow = ({ row, outcome, product_id, manufacturer_id, problems }: SelectedRow) => ({
  row,
  outcome,
  ...(product_id !== null && { productId: product_id }),
  ...(manufacturer_id !== null && { manufacturerId: manufacturer_id }),
  problems,
});
