import { manufacturerNameKeyOf } from '#product-registry/codes.js';
import { reviewKindOf } from '#product-registry/import/review/review-kinds.js';
import type { ProjectionClient } from '#subscription/projection/projection.js';

import type { ImportsWork } from './working-set.js';

/** Before rows are saved: one that was done again in the same batch waits again. */
export const saveDecided = async (
  client: ProjectionClient,
  { decided, decidedAbsences }: ImportsWork,
): Promise<void> => {
  const rows = [...decided].flatMap(([id, numbers]) => [...numbers].map((row) => ({ id, row })));
  if (rows.length > 0) {
    await client.query(
      `update import_rows set review = null
       from unnest($1::text[], $2::bigint[]) as decided (id, number)
       where import_id = decided.id and row = decided.number`,
      [rows.map(({ id }) => id), rows.map(({ row }) => row)],
    );
  }
  if (decidedAbsences.length === 0) return;
  await client.query(
    `insert into decided_absences (import_id, product_id)
     select * from unnest($1::text[], $2::text[]) on conflict do nothing`,
    [decidedAbsences.map(({ id }) => id), decidedAbsences.map(({ productId }) => productId)],
  );
};

export const saveRows = async (
  client: ProjectionClient,
  { changedRows }: ImportsWork,
): Promise<void> => {
  const rows = [...changedRows].flatMap(([id, done]) =>
    [...done.values()].map((row) => ({ id, ...row })),
  );
  if (rows.length === 0) return;
  await client.query(
    `insert into import_rows (import_id, row, run, outcome, product_id, manufacturer_id, problems, is_new,
                              about, proposal, conflicts, review, manufacturer_key)
     select * from unnest($1::text[], $2::bigint[], $3::integer[], $4::text[], $5::text[], $6::text[],
                          $7::jsonb[], $8::boolean[], $9::jsonb[], $10::jsonb[], $11::jsonb[], $12::text[],
                          $13::text[])
     on conflict (import_id, row) do update
        set run = excluded.run, outcome = excluded.outcome, is_new = excluded.is_new,
            product_id = excluded.product_id,
            manufacturer_id = excluded.manufacturer_id, problems = excluded.problems,
            about = excluded.about, proposal = excluded.proposal, conflicts = excluded.conflicts,
            review = excluded.review, manufacturer_key = excluded.manufacturer_key`,
    [
      rows.map(({ id }) => id),
      rows.map(({ row }) => row),
      rows.map(({ run }) => run),
      rows.map(({ outcome }) => outcome),
      rows.map(({ productId }) => productId ?? null),
      rows.map(({ manufacturerId }) => manufacturerId ?? null),
      rows.map(({ problems }) => JSON.stringify(problems ?? [])),
      rows.map(({ isNew }) => isNew ?? null),
      rows.map(({ about }) => jsonOrNull(about)),
      rows.map(({ proposal }) => jsonOrNull(proposal)),
      rows.map(({ conflicts }) => jsonOrNull(conflicts)),
      rows.map((row) => (row.isDecided === true ? null : (reviewKindOf(row) ?? null))),
      rows.map(({ about }) => (about ? manufacturerNameKeyOf(about.manufacturer) : null)),
    ],
  );
};

const jsonOrNull = (value: unknown): string | null =>
  value === undefined ? null : JSON.stringify(value);

export const saveAbsences = async (
  client: ProjectionClient,
  { absences }: ImportsWork,
): Promise<void> => {
  if (absences.size === 0) return;
  const rows = [...absences].flatMap(([id, { run, products }]) =>
    [...products.values()].map((product) => ({ id, run, ...product })),
  );
  await client.query(
    `insert into import_absences (import_id, product_id, run, kind, manufacturer, model, previous, manufacturer_key)
     select * from unnest($1::text[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
     on conflict (import_id, product_id) do update
        set run = excluded.run, kind = excluded.kind, manufacturer = excluded.manufacturer,
            model = excluded.model, previous = excluded.previous,
            manufacturer_key = excluded.manufacturer_key`,
    [
      rows.map(({ id }) => id),
      rows.map(({ productId }) => productId),
      rows.map(({ run }) => run),
      rows.map(({ kind }) => kind),
      rows.map(({ manufacturer }) => manufacturer),
      rows.map(({ model }) => model),
      rows.map(({ previous }) => previous),
      rows.map(({ manufacturer }) => manufacturerNameKeyOf(manufacturer)),
    ],
  );
  await client.query(
    `delete from import_absences using unnest($1::text[], $2::integer[]) as newest (id, run)
     where import_id = newest.id and import_absences.run < newest.run`,
    [[...absences.keys()], [...absences.values()].map(({ run }) => run)],
  );
};
