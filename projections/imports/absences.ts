import type { StoredEvent } from '#event-log/event-log.js';
import { manufacturerNameKeyOf } from '#product-registry/codes.js';
import type { AbsenceKind, ImportDataOf } from '#product-registry/import/events.js';
import type { ProjectionClient } from '#subscription/projection/projection.js';

import { importIdOf } from './import-id.js';

/** A row of `import_absences`, without its import. */
export interface AbsenceRow {
  readonly product_id: string;
  readonly run: number;
  readonly kind: AbsenceKind;
  readonly manufacturer: string;
  readonly model: string;
  readonly manufacturer_key: string;
  readonly is_decided: boolean;
}

/** What imports do not name any more, by import and product, as a batch leaves it. */
export interface AbsencesWork {
  readonly known: Map<string, Map<string, AbsenceRow>>;
  readonly changed: Map<string, Set<string>>;
}

const types: ReadonlySet<string> = new Set([
  'ImportRunStarted',
  'ImportAbsencesFound',
  'ImportReviewDecided',
]);

/** Those of the imports of which a batch may change some. */
export const loadAbsences = async (
  client: ProjectionClient,
  events: readonly StoredEvent[],
): Promise<AbsencesWork> => {
  const ids = new Set(
    events.filter(({ type }) => types.has(type)).map(({ stream }) => importIdOf(stream) ?? ''),
  );
  const known = new Map<string, Map<string, AbsenceRow>>();
  if (ids.size > 0) {
    const { rows } = await client.query<AbsenceRow & { readonly import_id: string }>(
      `select import_id, product_id, run, kind, manufacturer, model, manufacturer_key, is_decided
       from import_absences where import_id = any($1)`,
      [[...ids]],
    );
    for (const { import_id: id, ...row } of rows) ofImport(known, id).set(row.product_id, row);
  }
  return { known, changed: new Map() };
};

/** What a newer run finds replaces what an earlier one found, but for what somebody has decided. */
export const noteAbsences = (
  work: AbsencesWork,
  importId: string,
  { run, products }: ImportDataOf<'ImportAbsencesFound'>,
): void => {
  dropOpen(work, importId, run);
  for (const { productId, kind, manufacturer, model } of products) {
    const manufacturer_key = manufacturerNameKeyOf(manufacturer);
    const is_decided = work.known.get(importId)?.get(productId)?.is_decided ?? false;
    const names = { manufacturer, model, manufacturer_key };
    change(work, importId, { product_id: productId, run, kind, ...names, is_decided });
  }
};

export const noteDecidedAbsences = (
  work: AbsencesWork,
  importId: string,
  productIds: readonly string[],
): void => {
  for (const productId of productIds) {
    const row = work.known.get(importId)?.get(productId);
    if (row) change(work, importId, { ...row, is_decided: true });
  }
};

/** Forgets what runs before `run` found and nobody has decided. */
export const dropOpen = ({ known, changed }: AbsencesWork, importId: string, run: number): void => {
  const rows = ofImport(known, importId);
  for (const [productId, row] of rows) {
    if (row.is_decided || row.run >= run) continue;
    rows.delete(productId);
    changedOf(changed, importId).add(productId);
  }
};

const change = ({ known, changed }: AbsencesWork, importId: string, row: AbsenceRow): void => {
  ofImport(known, importId).set(row.product_id, row);
  changedOf(changed, importId).add(row.product_id);
};

const ofImport = (known: AbsencesWork['known'], importId: string): Map<string, AbsenceRow> => {
  const rows = known.get(importId) ?? new Map<string, AbsenceRow>();
  known.set(importId, rows);
  return rows;
};

const changedOf = (changed: AbsencesWork['changed'], importId: string): Set<string> => {
  const ids = changed.get(importId) ?? new Set<string>();
  changed.set(importId, ids);
  return ids;
};

export const saveAbsences = async (
  client: ProjectionClient,
  { known, changed }: AbsencesWork,
): Promise<void> => {
  const touched = [...changed].flatMap(([id, products]) =>
    [...products].map((product) => ({ id, product, row: known.get(id)?.get(product) })),
  );
  if (touched.length === 0) return;
  await client.query(
    `delete from import_absences using unnest($1::text[], $2::text[]) as touched (id, product)
     where import_id = touched.id and product_id = touched.product`,
    [touched.map(({ id }) => id), touched.map(({ product }) => product)],
  );
  const rows = touched.flatMap(({ id, row }) => (row ? [{ id, ...row }] : []));
  await client.query(
    `insert into import_absences
       (import_id, product_id, run, kind, manufacturer, model, manufacturer_key, is_decided)
     select * from unnest($1::text[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::text[],
                          $7::text[], $8::boolean[])`,
    [
      rows.map(({ id }) => id),
      rows.map(({ product_id }) => product_id),
      rows.map(({ run }) => run),
      rows.map(({ kind }) => kind),
      rows.map(({ manufacturer }) => manufacturer),
      rows.map(({ model }) => model),
      rows.map(({ manufacturer_key }) => manufacturer_key),
      rows.map(({ is_decided }) => is_decided),
    ],
  );
};
