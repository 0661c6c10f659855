import { ApiProperty } from '@nestjs/swagger';

import { asUuid, text } from '#http/query-params.js';
import { Refusal } from '#kernel/refusal.js';
import { resourceController } from '#resource/controller.js';
import { defineResource, filter, visibleIn } from '#resource/resource.js';
import { allOf } from '#resource/sql.js';

import { manufacturerAsOf, manufacturerFolding } from './manufacturer-as-of.js';
import { catalog, productCatalog } from './product-catalog.projection.js';
import { containing, searchWords } from './search-text.js';

/** With the names and products of those that were merged into it. */
export class ManufacturerResponse {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() name!: string;
  @ApiProperty({ type: String, nullable: true, description: 'EntityCode.' }) code!: string | null;
  @ApiProperty({ type: [String], description: 'EntityCodes that it had before.' })
  formerCodes!: readonly string[];
  @ApiProperty({ type: [String], description: 'Those of merged manufacturers too.' })
  aliases!: readonly string[];
  @ApiProperty({ type: [String], description: 'Ids of manufacturers that were merged into it.' })
  merged!: readonly string[];
  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'Products that it answers for; null with `asOf`.',
  })
  products!: number | null;
  @ApiProperty() revision!: number;
  @ApiProperty({ description: 'Of its last event in the log.' }) position!: string;
}

const table = `${catalog}.manufacturers`;

/** On one of those for whom it answers, itself among them. */
const kinCondition = (condition: string): string =>
  `exists (select from ${table} kin where kin.resolved_id = m.id and ${condition})`;

export const manufacturers = defineResource({
  name: 'manufacturers',
  tag: 'manufacturers',
  permission: 'products.read',
  ready: visibleIn(productCatalog),
  response: ManufacturerResponse,
  select: `m.id, m.name, m.code, array_remove(m.codes, m.code) as "formerCodes",
    m.aliases || array(
      select distinct other collate "C"
      from ${table} kin, unnest(array[kin.name] || kin.aliases) as other
      where kin.resolved_id = m.id and kin.id <> m.id and other <> all(m.aliases)
      order by 1) as aliases,
    array(
      select kin.id from ${table} kin
      where kin.resolved_id = m.id and kin.id <> m.id
      order by kin.id) as merged,
    (select count(*)
     from ${catalog}.products p join ${table} kin on kin.id = p.manufacturer_id
     where kin.resolved_id = m.id and p.merged_into is null)::float8 as products,
    m.revision::float8, m.position::text`,
  from: `${table} m`,
  id: 'm.id',
  where: [() => 'm.resolved_id = m.id'],
  list: {
    summary: 'Manufacturers with their names, codes and numbers of products',
    description: 'Manufacturers that were merged into another one are not listed.',
    filters: {
      q: filter(
        text(200),
        (q) => (sql) =>
          allOf(
            searchWords(q).map(
              (word) => () => kinCondition(`kin.search_text like ${sql.add(containing(word))}`),
            ),
            sql,
          ),
        { description: 'Words, each found in a name or code.' },
      ),
      code: filter(
        text(50),
        (code) => (sql) => kinCondition(`${sql.add(code.toUpperCase())} = any(kin.codes)`),
        { description: 'EntityCode, old ones too.' },
      ),
    },
    sorts: {
      name: { expression: 'm.sort_name', type: 'text' },
      code: { expression: 'm.code', type: 'text', nullable: true, former: 'code' },
      changed: { expression: 'm.position', type: 'bigint', former: 'position' },
    },
    moves: `${catalog}.moved_manufacturers`,
  },
  one: {
    summary: 'One manufacturer, by id or EntityCode',
    description: 'A merged one answers as the one that it was merged into.',
    param: 'idOrCode',
    // The one that has the code, or else one that had it.
    idOf: (idOrCode) =>
      asUuid(idOrCode) ??
      ((sql) => {
        const code = sql.add(idOrCode.toUpperCase());
        return `select id from ${table} where ${code} = any(codes)
                order by (code = ${code}) desc nulls last, id limit 1`;
      }),
    where: (id) => `m.id = (select resolved_id from ${table} where id = ${id})`,
    unknown: () =>
      new Refusal('MANUFACTURER_UNKNOWN', 'not-found', 'there is no such manufacturer'),
  },
  history: {
    summary: 'Who changed what of a manufacturer, when and why',
    description: 'Of the one named itself, also where it was merged into another.',
    folding: manufacturerFolding,
    asOf: manufacturerAsOf,
  },
});

export class ManufacturersController extends resourceController(manufacturers) {}
