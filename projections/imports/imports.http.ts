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
import type { Position } from '#event-log/event-log.js';
import { parseLimit } from '#http/paging.js';
import { boolean, oneOf, position, readQuery, text } from '#http/query-params.js';
import { rowOutcomes } from '#product-registry/import/events.js';
import {
  ImportResponse,
  importResponse,
  ImportRowResponse,
} from '#product-registry/import/import-response.http.js';
import { Imports } from '#product-registry/import/imports.js';
import { importStatuses } from '#product-registry/import/state.js';
import { ReadStore } from '#read-store/read-store.js';
import { requireVisible } from '#read-store/wait-for-position.js';

import { imports as projection } from './imports.projection.js';
import { findImport, type ListedImport, listImports, listRows } from './queries.js';

class ImportCancellation {
  @ApiProperty({ description: 'Principal who asked for it.' }) by!: string;
  @ApiProperty({ format: 'date-time' }) at!: Date;
  @ApiProperty({ type: String, nullable: true }) reason!: string | null;
}

class ImportTimes {
  @ApiProperty({ description: 'How often the file was sent.' }) timesReceived!: number;
  @ApiProperty({ format: 'date-time' }) receivedAt!: Date;
  @ApiProperty({ description: 'Principal who sent it first.' }) receivedBy!: string;
  @ApiProperty({ format: 'date-time' }) lastReceivedAt!: Date;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) startedAt!: Date | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) endedAt!: Date | null;
  @ApiProperty({
    type: ImportCancellation,
    nullable: true,
    description: 'The last cancellation; null where there was none since the last run began.',
  })
  cancellation!: ImportCancellation | null;
}

class ShownImport extends ImportResponse {
  @ApiProperty({
    type: ImportTimes,
    nullable: true,
    description: 'From the read model: null until the projection has seen the import.',
  })
  times!: ImportTimes | null;
}

class ImportListResponse {
  @ApiProperty({ type: [ImportResponse] }) items!: readonly ListedImport[];
  @ApiProperty({ type: String, nullable: true }) nextCursor!: string | null;
}

class ImportRowsPageResponse {
  @ApiProperty({ type: [ImportRowResponse] }) items!: readonly ImportRowResponse[];
  @ApiProperty({ type: String, nullable: true }) nextCursor!: string | null;
}

const page = { limit: parseLimit, cursor: text(4096), after: position };
const listQuery = {
  ...page,
  state: oneOf(...importStatuses),
  kind: oneOf('products', 'manufacturers'),
};
const rowsQuery = { ...page, outcome: oneOf(...rowOutcomes), problems: boolean };

@ApiTags('imports')
@ApiBearerAuth()
@Controller('v1/imports')
@RequirePermission('imports.read')
export class ImportsController {
  constructor(
    private readonly store: ReadStore,
    private readonly imports: Imports,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'Imports, the one that changed last first',
    description: 'State and counts of each, without its rows.',
  })
  @ApiQuery({ name: 'state', required: false, enum: importStatuses })
  @ApiQuery({ name: 'kind', required: false, enum: ['products', 'manufacturers'] })
  @ApiQuery({ name: 'limit', required: false, type: Number })
  @ApiQuery({ name: 'cursor', required: false })
  @ApiQuery({ name: 'after', required: false, description: 'Wait until this position is visible.' })
  @ApiOkResponse({ type: ImportListResponse })
  async list(@Query() query: Record<string, unknown>): Promise<ImportListResponse> {
    const { limit = parseLimit(undefined), cursor, after, ...filter } = readQuery(query, listQuery);
    await this.visible(after);
    return listImports(this.store.pool, filter, { limit, cursor });
  }

  @Get(':id')
  @ApiOperation({
    summary: 'State and counts of an import',
    description: 'Read from the log itself: a change is seen at once.',
  })
  @ApiOkResponse({ type: ShownImport })
  @ApiNotFoundResponse({ description: 'IMPORT_NOT_FOUND' })
  async one(
    @Param('id') id: string,
    @Query() query: Record<string, unknown>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ShownImport> {
    readQuery(query, { after: position });
    const standing = await this.imports.get(id);
    reply.header('etag', `"${String(standing.revision)}"`);
    return Object.assign(importResponse(standing), { times: await this.times(id) });
  }

  @Get(':id/rows')
  @ApiOperation({
    summary: 'What became of each row, in the order of the file',
    description: 'Waits until everything that the import has recorded so far is visible.',
  })
  @ApiQuery({ name: 'outcome', required: false, enum: rowOutcomes })
  @ApiQuery({
    name: 'problems',
    required: false,
    type: Boolean,
    description: 'Only rows with (or without) problems: accepted rows can be flagged, too.',
  })
  @ApiQuery({ name: 'limit', required: false, type: Number })
  @ApiQuery({ name: 'cursor', required: false })
  @ApiQuery({ name: 'after', required: false })
  @ApiOkResponse({ type: ImportRowsPageResponse })
  @ApiNotFoundResponse({ description: 'IMPORT_NOT_FOUND' })
  async rows(
    @Param('id') id: string,
    @Query() query: Record<string, unknown>,
  ): Promise<ImportRowsPageResponse> {
    const { limit = parseLimit(undefined), cursor, after, ...filter } = readQuery(query, rowsQuery);
    const standing = await this.imports.get(id);
    await this.visible(after);
    await this.visible(standing.position);
    return listRows(this.store.pool, id, filter, { limit, cursor });
  }

  private async visible(after: Position | undefined): Promise<void> {
    await requireVisible(this.store, projection, after);
  }

  /** Times are a courtesy: without the read model the rest is answered all the same. */
  private async times(id: string): Promise<ImportTimes | null> {
    try {
      const found = await findImport(this.store.pool, id);
      if (!found) return null;
      const { timesReceived, receivedAt, receivedBy, lastReceivedAt, startedAt, endedAt } = found;
      const { cancellation } = found;
      const times = { timesReceived, receivedAt, receivedBy, lastReceivedAt, startedAt, endedAt };
      return { ...times, cancellation };
    } catch {
      return null;
    }
  }
}
