import { ApiProperty } from '@nestjs/swagger';

import { oneOf, text, uuid } from '#http/query-params.js';
import { manufacturerNameKeyOf } from '#product-registry/codes.js';
import {
  RowProblemResponse,
  RowProposalResponse,
  WaitingValueResponse,
} from '#product-registry/import/import-response.http.js';
import { reviewKinds } from '#product-registry/import/review/review-kinds.js';
import { schemaOf } from '#read-store/schema-names.js';
import { resourceController } from '#resource/controller.js';
import { defineResource, filter, visibleIn } from '#resource/resource.js';
import { compares } from '#resource/sql.js';

import { imports } from './imports.projection.js';

class ReviewItemResponse {
  @ApiProperty({ format: 'uuid' }) importId!: string;
  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'Data row in the file, from 1; null for a product that the list no longer names.',
  })
  row!: number | null;
  @ApiProperty({
    enum: reviewKinds,
    description:
      '`rename`, `transfer`: the row seems to be a known product under another name; `conflict`: values wait; ' +
      '`gone`: an earlier list names the product, this one does not; `other`: the list or the registry needs a correction, or the row is rejected by its number.',
  })
  kind!: string;
  @ApiProperty({
    type: String,
    format: 'uuid',
    nullable: true,
    description: 'The product that is registered.',
  })
  productId!: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'As the list names it.' })
  manufacturer!: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'As the list names it.' })
  model!: string | null;
  @ApiProperty({ type: RowProposalResponse, nullable: true })
  proposal!: RowProposalResponse | null;
  @ApiProperty({ type: [WaitingValueResponse] })
  conflicts!: readonly WaitingValueResponse[];
  @ApiProperty({ type: [RowProblemResponse] }) problems!: readonly RowProblemResponse[];
  @ApiProperty({ type: String, nullable: true }) file!: string | null;
  @ApiProperty({
    type: String,
    format: 'date',
    nullable: true,
    description: 'The list’s own date.',
  })
  asOf!: string | null;
}

const schema = schemaOf(imports);

/** Behind every row. */
const behindRows = '9223372036854775807';

const open = `
  select import_id, row, row as place, '' as key, review as kind, product_id, manufacturer_key,
      about->>'manufacturer' as manufacturer, about->>'model' as model, proposal,
      coalesce(conflicts, '[]') as conflicts, problems
    from ${schema}.import_rows where review is not null
  union all
  select import_id, null, ${behindRows}, concat_ws(chr(31), manufacturer, model, product_id), kind, product_id, manufacturer_key,
      manufacturer, model, null, '[]', '[]'
    from ${schema}.import_absences
    where kind = 'gone' and not exists (
      select from ${schema}.decided_absences as decided
      where decided.import_id = import_absences.import_id
        and decided.product_id = import_absences.product_id)`;

/** What of all imports waits for a person. */
export const reviews = defineResource({
  name: 'reviews',
  tag: 'imports',
  permission: 'imports.read',
  ready: visibleIn(imports),
  response: ReviewItemResponse,
  select: `item.import_id as "importId", item.row::float8 as row, item.kind,
    item.product_id as "productId", item.manufacturer, item.model, item.proposal, item.conflicts,
    item.problems, imports.file, imports.as_of::text as "asOf"`,
  from: `(${open}) as item join ${schema}.imports as imports on imports.id = item.import_id`,
  list: {
    summary: 'What of imports waits for a person',
    description:
      'The newest import first, its rows in the order of the file, then products that it no longer names. Decided ' +
      'by `POST /v1/imports/{id}/review`, and listed no more from then on; a run that does a row again replaces it.',
    filters: {
      import: filter(uuid, compares('item.import_id')),
      kind: filter(oneOf(...reviewKinds), compares('item.kind')),
      manufacturer: filter(
        text(500),
        (name) => compares('item.manufacturer_key')(manufacturerNameKeyOf(name)),
        { description: 'As the list writes it, in any case.' },
      ),
      product: filter(uuid, compares('item.product_id')),
    },
    order: [
      { expression: 'imports.received_position', type: 'bigint', descending: true },
      { expression: 'item.place', type: 'bigint' },
      { expression: 'item.key', type: 'text' },
    ],
  },
});

export class ReviewsController extends resourceController(reviews) {}
