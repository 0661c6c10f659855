import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiExtraModels,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { RequirePermission } from '#access/require-permission.js';
import {
  csvLines,
  type ExportFormat,
  formatAskedFor,
  ndjsonLines,
  sendLines,
} from '#http/export.js';
import { parseLimit } from '#http/paging.js';
import {
  boolean,
  decimal,
  oneOf,
  position,
  queryInvalid,
  readQuery,
  text,
} from '#http/query-params.js';
import { elementsByType } from '#product-registry/elements.js';
import { productTypes } from '#product-registry/product/events.js';
import { parseAsOf } from '#read-store/as-of.js';
import type { ReadStore } from '#read-store/read-store.js';
import { fromSnapshot } from '#read-store/snapshot.js';

import { CatalogReader, notRegisteredThen, productUnknown } from './catalog-reader.js';
import { historyQuery, HistoryResponse } from './history.http.js';
import { historyPage } from './history.js';
import { asId, findProduct, productIdOfCode } from './lookup.js';
import { exportColumns, flatProduct } from './product-export.js';
import type { ProductFilter } from './product-filter.js';
import {
  allProducts,
  elementUses,
  listProducts,
  type ProductSort,
  productSorts,
} from './product-list.js';
import { ElementResponse, ProductListResponse, ProductResponse } from './product-responses.http.js';

const chemistries = Object.values(elementsByType).flatMap(({ BatteryChemistryType: kind }) =>
  kind?.kind === 'enum' ? kind.values : [],
);

const filters = {
  q: text(200),
  type: oneOf(...productTypes),
  manufacturer: text(200),
  chemistry: oneOf(...chemistries),
  capacityMin: decimal,
  capacityMax: decimal,
  powerMin: decimal,
  powerMax: decimal,
  coded: boolean,
};

const listQuery = {
  ...filters,
  sort: oneOf(...productSorts),
  limit: parseLimit,
  cursor: text(4096),
  after: position,
  format: oneOf('json', 'csv', 'ndjson'),
};

@ApiTags('products')
@ApiBearerAuth()
@ApiExtraModels(ElementResponse)
@Controller('v1/products')
export class ProductsController {
  constructor(private readonly catalog: CatalogReader) {}

  @Get()
  @RequirePermission('products.read')
  @ApiOperation({
    summary: 'Search products',
    description:
      'Bounds are in kWh and kW and include their value. With `format=csv` or `ndjson`, or such an ' +
      '`Accept`, every row is exported, as of one moment, with units in the column names.',
  })
  @ApiQuery({
    name: 'q',
    required: false,
    description: 'Words, each found in code, model, type, description or a manufacturer’s name.',
  })
  @ApiQuery({ name: 'type', required: false, enum: productTypes })
  @ApiQuery({ name: 'manufacturer', required: false, description: 'Id, EntityCode or name.' })
  @ApiQuery({ name: 'chemistry', required: false, enum: chemistries })
  @ApiQuery({ name: 'capacityMin', required: false, example: '5' })
  @ApiQuery({ name: 'capacityMax', required: false, example: '13.5' })
  @ApiQuery({ name: 'powerMin', required: false })
  @ApiQuery({ name: 'powerMax', required: false })
  @ApiQuery({ name: 'coded', required: false, type: Boolean, description: 'Has a code, or none.' })
  @ApiQuery({
    name: 'sort',
    required: false,
    enum: productSorts,
    description: '`code` unless given.',
  })
  @ApiQuery({
    name: 'limit',
    required: false,
    type: Number,
    description: '1 to 1,000; 100 unless given.',
  })
  @ApiQuery({ name: 'cursor', required: false })
  @ApiQuery({ name: 'after', required: false, description: 'Wait until this position is visible.' })
  @ApiQuery({ name: 'format', required: false, enum: ['json', 'csv', 'ndjson'] })
  @ApiOkResponse({ type: ProductListResponse })
  async list(
    @Query() query: Record<string, unknown>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const asked = readQuery(query, listQuery);
    const {
      sort = 'code',
      limit = parseLimit(undefined),
      cursor,
      after,
      format,
      ...filter
    } = asked;
    const exported = formatAskedFor(format, request.headers.accept);
    if (exported && (cursor ?? asked.limit) !== undefined) throw exportHasNoPages(asked);
    const pool = await this.catalog.ready(after);
    if (exported) sendExport(reply, pool, filter, sort, exported);
    else void reply.send(await listProducts(pool, filter, sort, { cursor, limit }));
  }

  @Get(':idOrCode')
  @RequirePermission('products.read')
  @ApiOperation({
    summary: 'One product, by id or by a code that it has or had',
    description: '`asOf` answers what was recorded by then.',
  })
  @ApiQuery({
    name: 'asOf',
    required: false,
    description: 'ISO 8601 time with zone, or `@position`.',
  })
  @ApiQuery({ name: 'after', required: false, description: 'Wait until this position is visible.' })
  @ApiOkResponse({
    type: ProductResponse,
    headers: { ETag: { description: 'The revision, in quotes.', schema: { type: 'string' } } },
  })
  @ApiNotFoundResponse({ description: 'PRODUCT_UNKNOWN, or NOT_REGISTERED_THEN with `asOf`.' })
  async one(
    @Param('idOrCode') idOrCode: string,
    @Query() query: Record<string, unknown>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ProductResponse> {
    const { asOf, after } = readQuery(query, { asOf: parseAsOf, after: position });
    const pool = await this.catalog.ready(after);
    if (asOf) return this.oneAsOf(await requireId(pool, idOrCode), asOf);
    const product = await findProduct(pool, idOrCode);
    if (!product) throw productUnknown();
    reply.header('etag', `"${String(product.revision)}"`);
    return product;
  }

  @Get(':idOrCode/history')
  @RequirePermission('products.read')
  @ApiOperation({
    summary: 'Who changed what of a product, when, why, and on which evidence',
    description: 'One item per event, with its field-level differences, the newest last.',
  })
  @ApiQuery({
    name: 'order',
    required: false,
    enum: ['asc', 'desc'],
    description: 'By revision; `asc` unless given.',
  })
  @ApiQuery({ name: 'limit', required: false, type: Number })
  @ApiQuery({ name: 'cursor', required: false })
  @ApiQuery({ name: 'after', required: false })
  @ApiOkResponse({ type: HistoryResponse })
  async history(
    @Param('idOrCode') idOrCode: string,
    @Query() query: Record<string, unknown>,
  ): Promise<HistoryResponse> {
    const asked = readQuery(query, historyQuery);
    const { order = 'asc', limit = parseLimit(undefined), cursor, after } = asked;
    const id = await requireId(await this.catalog.ready(after), idOrCode);
    const versions = await this.catalog.history.productVersions(id);
    if (!versions.at(-1)?.state) throw productUnknown();
    const { recordedTimes } = this.catalog;
    return this.catalog.named(
      await historyPage(versions, { order, limit, cursor }, `product ${id}`, recordedTimes),
    );
  }

  private async oneAsOf(id: string, asOf: ReturnType<typeof parseAsOf>): Promise<ProductResponse> {
    const product = await this.catalog.history.productAt(id, await this.catalog.positionOf(asOf));
    if (product) return product;
    const versions = await this.catalog.history.productVersions(id);
    throw versions.at(-1)?.state ? notRegisteredThen() : productUnknown();
  }
}

const requireId = async (pool: ReadStore['pool'], idOrCode: string): Promise<string> => {
  const id = asId(idOrCode) ?? (await productIdOfCode(pool, idOrCode));
  if (id === undefined) throw productUnknown();
  return id;
};

/** The columns are known before the first row is sent, so an error up to there is a problem document. */
const sendExport = (
  reply: FastifyReply,
  pool: ReadStore['pool'],
  filter: ProductFilter,
  sort: ProductSort,
  format: ExportFormat,
): void => {
  const lines = fromSnapshot(pool, (client) => exportLines(client, filter, sort, format));
  sendLines(reply, lines, { format, filename: `products.${format}` });
};

async function* exportLines(
  client: Pick<ReadStore['pool'], 'query'>,
  filter: ProductFilter,
  sort: ProductSort,
  format: ExportFormat,
): AsyncGenerator<string> {
  const columns = exportColumns(await elementUses(client, filter));
  const rows = allProducts(client, filter, sort);
  yield* format === 'csv'
    ? csvLines(rows, columns)
    : ndjsonLines(mapped(rows, (product) => flatProduct(product, columns)));
}

async function* mapped<T, R>(rows: AsyncIterable<T>, change: (row: T) => R): AsyncGenerator<R> {
  for await (const row of rows) yield change(row);
}

const exportHasNoPages = (asked: { readonly cursor?: unknown; readonly limit?: unknown }) =>
  queryInvalid(
    (['cursor', 'limit'] as const)
      .filter((name) => asked[name] !== undefined)
      .map((name) => ({ pointer: `?${name}`, reason: 'an export holds every row: leave it out' })),
  );
