import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiProperty,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';

import { RequirePermission } from '#access/require-permission.js';
import { parseLimit } from '#http/paging.js';
import { oneOf, position, readQuery, text } from '#http/query-params.js';
import { parseAsOf } from '#read-store/as-of.js';
import type { ReadStore } from '#read-store/read-store.js';

import { CatalogReader, manufacturerUnknown, notRegisteredThen } from './catalog-reader.js';
import { historyQuery, HistoryResponse } from './history.http.js';
import { historyPage } from './history.js';
import { manufacturerIdOf } from './lookup.js';
import { findManufacturer, listManufacturers, manufacturerSorts } from './manufacturer-list.js';

class ManufacturerResponse {
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

class ManufacturerListResponse {
  @ApiProperty({ type: [ManufacturerResponse] }) items!: readonly ManufacturerResponse[];
  @ApiProperty({ type: String, nullable: true }) nextCursor!: string | null;
}

const listQuery = {
  q: text(200),
  code: text(50),
  sort: oneOf(...manufacturerSorts),
  limit: parseLimit,
  cursor: text(4096),
  after: position,
};

@ApiTags('manufacturers')
@ApiBearerAuth()
@Controller('v1/manufacturers')
export class ManufacturersController {
  constructor(private readonly catalog: CatalogReader) {}

  @Get()
  @RequirePermission('products.read')
  @ApiOperation({
    summary: 'Manufacturers with their names, codes and numbers of products',
    description: 'Manufacturers that were merged into another one are not listed.',
  })
  @ApiQuery({ name: 'q', required: false, description: 'Words, each found in a name or code.' })
  @ApiQuery({ name: 'code', required: false, description: 'EntityCode, old ones too.' })
  @ApiQuery({
    name: 'sort',
    required: false,
    enum: manufacturerSorts,
    description: '`name` unless given.',
  })
  @ApiQuery({ name: 'limit', required: false, type: Number })
  @ApiQuery({ name: 'cursor', required: false })
  @ApiQuery({ name: 'after', required: false, description: 'Wait until this position is visible.' })
  @ApiOkResponse({ type: ManufacturerListResponse })
  async list(@Query() query: Record<string, unknown>): Promise<ManufacturerListResponse> {
    const asked = readQuery(query, listQuery);
    const { sort = 'name', limit = parseLimit(undefined), cursor, after, ...filter } = asked;
    const pool = await this.catalog.ready(after);
    return listManufacturers(pool, filter, sort, { cursor, limit });
  }

  @Get(':idOrCode')
  @RequirePermission('products.read')
  @ApiOperation({
    summary: 'One manufacturer, by id or EntityCode',
    description: 'A merged one answers as the one that it was merged into.',
  })
  @ApiQuery({
    name: 'asOf',
    required: false,
    description: 'ISO 8601 time with zone, or `@position`.',
  })
  @ApiQuery({ name: 'after', required: false, description: 'Wait until this position is visible.' })
  @ApiOkResponse({ type: ManufacturerResponse })
  @ApiNotFoundResponse({ description: 'MANUFACTURER_UNKNOWN, or NOT_REGISTERED_THEN with `asOf`.' })
  async one(
    @Param('idOrCode') idOrCode: string,
    @Query() query: Record<string, unknown>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ManufacturerResponse> {
    const { asOf, after } = readQuery(query, { asOf: parseAsOf, after: position });
    const pool = await this.catalog.ready(after);
    const id = await requireId(pool, idOrCode);
    if (asOf) return this.oneAsOf(id, asOf);
    const manufacturer = await findManufacturer(pool, id);
    if (!manufacturer) throw manufacturerUnknown();
    reply.header('etag', `"${String(manufacturer.revision)}"`);
    return manufacturer;
  }

  @Get(':idOrCode/history')
  @RequirePermission('products.read')
  @ApiOperation({
    summary: 'Who changed what of a manufacturer, when and why',
    description: 'Of the one named itself, also where it was merged into another.',
  })
  @ApiQuery({ name: 'order', required: false, enum: ['asc', 'desc'] })
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
    const versions = await this.catalog.history.manufacturerVersions(id);
    if (!versions.at(-1)?.state) throw manufacturerUnknown();
    const { recordedTimes } = this.catalog;
    return this.catalog.named(
      await historyPage(versions, { order, limit, cursor }, `manufacturer ${id}`, recordedTimes),
    );
  }

  private async oneAsOf(
    id: string,
    asOf: ReturnType<typeof parseAsOf>,
  ): Promise<ManufacturerResponse> {
    const { history } = this.catalog;
    const manufacturer = await history.manufacturerAt(id, await this.catalog.positionOf(asOf));
    if (manufacturer) return manufacturer;
    const versions = await history.manufacturerVersions(id);
    throw versions.at(-1)?.state ? notRegisteredThen() : manufacturerUnknown();
  }
}

const requireId = async (pool: ReadStore['pool'], idOrCode: string): Promise<string> => {
  const id = await manufacturerIdOf(pool, idOrCode);
  if (id === undefined) throw manufacturerUnknown();
  return id;
};
