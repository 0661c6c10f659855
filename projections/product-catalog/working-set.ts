import type { StoredEvent } from '#event-log/event-log.js';
import { manufacturerStream } from '#product-registry/manufacturer/events.js';
import { productStream } from '#product-registry/product/events.js';
import { type Moves, noteMoves } from '#read-store/moves.js';
import type { ProjectionClient } from '#subscription/projection/projection.js';

import {
  type Manufacturer,
  type ManufacturerRow,
  manufacturerRow,
  type Product,
  type ProductRow,
  productRow,
} from './rows.js';

/** The rows that a batch touches, by id, and what it changed in them. */
export interface CatalogWork {
  readonly products: Map<string, Product>;
  readonly manufacturers: Map<string, Manufacturer>;
  /** New product codes and whom they lead to; a code that is taken stays where it is. */
  readonly codes: Map<string, string>;
  readonly changedProducts: Set<string>;
  readonly changedManufacturers: Set<string>;
  /** Manufacturers for which another name answers now, or one at all. */
  readonly answeredAnew: Set<string>;
}

export const emptyWork = (): CatalogWork => ({
  products: new Map(),
  manufacturers: new Map(),
  codes: new Map(),
  changedProducts: new Set(),
  changedManufacturers: new Set(),
  answeredAnew: new Set(),
});

const productPrefix = productStream('');
const manufacturerPrefix = manufacturerStream('');

/** The product's id where the stream is a product's. */
export const productIdOf = (stream: string): string | undefined =>
  stream.startsWith(productPrefix) ? stream.slice(productPrefix.length) : undefined;

/** The manufacturer's id where the stream is a manufacturer's. */
export const manufacturerIdOf = (stream: string): string | undefined =>
  stream.startsWith(manufacturerPrefix) ? stream.slice(manufacturerPrefix.length) : undefined;

/** The rows that `events` touch: one statement for each table that they touch. */
export const loadWork = async (
  client: ProjectionClient,
  events: readonly StoredEvent[],
): Promise<CatalogWork> => {
  const work = emptyWork();
  const productIds = new Set<string>();
  const mergedIds = new Set<string>();
  const manufacturerIds = new Set<string>();
  for (const event of events) {
    const productId = productIdOf(event.stream);
    if (productId !== undefined) productIds.add(productId);
    const manufacturerId = manufacturerIdOf(event.stream);
    if (manufacturerId !== undefined) manufacturerIds.add(manufacturerId);
    if (event.type === 'ManufacturerMerged') manufacturerIds.add(String(event.data['into']));
    for (const id of mergerOf(event)) mergedIds.add(id);
  }
  if (productIds.size > 0) await loadProducts(client, work, [...productIds], [...mergedIds]);
  if (manufacturerIds.size > 0) await loadManufacturers(client, work, [...manufacturerIds]);
  return work;
};

/** The products that an event brings together, or apart. */
const mergerOf = ({ type, stream, data }: StoredEvent): readonly string[] => {
  const id = productIdOf(stream);
  if (id === undefined) return [];
  if (type === 'ProductMerged') return [id, String(data['into'])];
  return type === 'ProductSplit' ? [id] : [];
};

/** The products named, and for `merged` all that the same ones answer for: a merger moves them together. */
const loadProducts = async (
  client: ProjectionClient,
  { products }: CatalogWork,
  ids: readonly string[],
  merged: readonly string[],
): Promise<void> => {
  const kin =
    merged.length === 0
      ? ''
      : 'or resolved_id = any($2) or resolved_id in (select resolved_id from products where id = any($2))';
  const { rows } = await client.query<ProductRow>(
    `select id, code, product_type, manufacturer_id, model, document, merged_into, resolved_id,
            revision::text, position::text
     from products where id = any($1) ${kin}`,
    merged.length === 0 ? [ids] : [ids, merged],
  );
  for (const row of rows) {
    const { id, code, product_type, manufacturer_id, model, document } = row;
    const { merged_into: mergedInto, resolved_id: resolvedId, revision, position } = row;
    const type = product_type as Product['document']['type'];
    const manufacturer = { id: manufacturer_id };
    products.set(id, {
      document: { id, code, type, manufacturer, model, ...document, mergedInto },
      ...{ resolvedId, revision, position },
    });
  }
};

/** The manufacturers named, and all that the same ones answer for: a merger moves them together. */
const loadManufacturers = async (
  client: ProjectionClient,
  { manufacturers }: CatalogWork,
  ids: readonly string[],
): Promise<void> => {
  const { rows } = await client.query<ManufacturerRow>(
    `select id, name, code, codes, aliases, merged_into, absorbed, resolved_id,
            revision::text, position::text
     from manufacturers
     where resolved_id in (select resolved_id from manufacturers where id = any($1))`,
    [ids],
  );
  for (const { merged_into: mergedInto, resolved_id: resolvedId, ...row } of rows) {
    manufacturers.set(row.id, { ...row, mergedInto, resolvedId });
  }
};

/** Writes what changed: one statement per table. */
export const saveWork = async (client: ProjectionClient, work: CatalogWork): Promise<void> => {
  const products = changed(work.products, work.changedProducts).map(productRow);
  const manufacturers = changed(work.manufacturers, work.changedManufacturers).map(manufacturerRow);
  await noteMoved(client, work);
  if (manufacturers.length > 0) await client.query(upsertManufacturers, [json(manufacturers)]);
  if (products.length > 0) await client.query(upsertProducts, [json(products)]);
  if (work.codes.size > 0) {
    await client.query(insertCodes, [[...work.codes.keys()], [...work.codes.values()]]);
  }
};

const movedProducts: Moves = {
  table: 'moved_products',
  columns: [
    'code',
    'sort_model',
    'chemistry',
    'capacity_kwh',
    'power_kw',
    'position',
    'manufacturer',
  ],
};

const movedManufacturers: Moves = { table: 'moved_manufacturers', columns: ['code', 'position'] };

/** Notes what the rows are sorted by, before they are overwritten; a merger moves all products of its family. */
const noteMoved = async (client: ProjectionClient, work: CatalogWork): Promise<void> => {
  const { changedProducts, changedManufacturers, answeredAnew } = work;
  if (changedProducts.size + answeredAnew.size > 0) {
    await noteMoves(
      client,
      movedProducts,
      `select p.id, p.code, p.sort_model, p.chemistry, p.capacity_kwh, p.power_kw, p.position, m.sort_name
       from products p
         left join manufacturers registered on registered.id = p.manufacturer_id
         left join manufacturers m on m.id = registered.resolved_id
       where p.id in (
         select unnest($1::text[])
         union select id from products where manufacturer_id = any($2)
         union select theirs.id
           from manufacturers kin join products theirs on theirs.manufacturer_id = kin.id
           where kin.resolved_id = any($2))`,
      [[...changedProducts], [...answeredAnew]],
    );
  }
  if (changedManufacturers.size > 0) {
    const rows = 'select id, code, position from manufacturers where id = any($1)';
    await noteMoves(client, movedManufacturers, rows, [[...changedManufacturers]]);
  }
};

const changed = <T>(rows: ReadonlyMap<string, T>, ids: ReadonlySet<string>): T[] =>
  [...ids].flatMap((id) => rows.get(id) ?? []);

const json = (rows: readonly object[]): string => JSON.stringify(rows);

const upsertProducts = `
  insert into products as p
    (id, code, product_type, manufacturer_id, model, sort_model, chemistry, capacity_kwh, power_kw,
     is_warned, document, search_text, look_alike, merged_into, resolved_id, revision, position)
  select * from jsonb_to_recordset($1::jsonb) as row
    (id text, code text, product_type text, manufacturer_id text, model text, sort_model text,
     chemistry text, capacity_kwh numeric, power_kw numeric, is_warned boolean, document jsonb,
     search_text text, look_alike text, merged_into text, resolved_id text, revision bigint, position bigint)
  on conflict (id) do update set
    code = excluded.code, product_type = excluded.product_type,
    manufacturer_id = excluded.manufacturer_id, model = excluded.model,
    sort_model = excluded.sort_model, chemistry = excluded.chemistry,
    capacity_kwh = excluded.capacity_kwh, power_kw = excluded.power_kw,
    is_warned = excluded.is_warned, document = excluded.document, search_text = excluded.search_text,
    look_alike = excluded.look_alike, merged_into = excluded.merged_into,
    resolved_id = excluded.resolved_id, revision = excluded.revision, position = excluded.position`;

const upsertManufacturers = `
  insert into manufacturers
    (id, name, code, codes, aliases, merged_into, absorbed, resolved_id, sort_name, search_text,
     look_alikes, revision, position)
  select * from jsonb_to_recordset($1::jsonb) as row
    (id text, name text, code text, codes text[], aliases text[], merged_into text,
     absorbed text[], resolved_id text, sort_name text, search_text text,
     look_alikes text[], revision bigint, position bigint)
  on conflict (id) do update set
    name = excluded.name, code = excluded.code, codes = excluded.codes,
    aliases = excluded.aliases, merged_into = excluded.merged_into, absorbed = excluded.absorbed,
    resolved_id = excluded.resolved_id, sort_name = excluded.sort_name,
    search_text = excluded.search_text, look_alikes = excluded.look_alikes,
    revision = excluded.revision, position = excluded.position`;

const insertCodes = `
  insert into product_codes (code, product_id)
  select * from unnest($1::text[], $2::text[])
  on conflict (code) do nothing`;
