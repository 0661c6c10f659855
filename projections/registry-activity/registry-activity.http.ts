import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiOkResponse,
  ApiOperation,
  ApiProperty,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { RequirePermission } from '#access/require-permission.js';
import {
  type Column,
  csvLines,
  type ExportFormat,
  formatAskedFor,
  ndjsonLines,
  sendLines,
} from '#http/export.js';
import { parseLimit } from '#http/paging.js';
import { day, oneOf, position, queryInvalid, readQuery, text, uuid } from '#http/query-params.js';
import { ReadStore } from '#read-store/read-store.js';
import { fromSnapshot } from '#read-store/snapshot.js';

import { activityKinds } from './kinds.js';
import { type ActivityFilter, type ActivityView, allActivity, listActivity } from './queries.js';
import { waitUntilCounted } from './wait-until-counted.js';

class ActivityManufacturerResponse {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ type: String, nullable: true }) name!: string | null;
  @ApiProperty({
    type: String,
    format: 'uuid',
    nullable: true,
    description: 'The manufacturer that it was merged into.',
  })
  mergedInto!: string | null;
}

class ActivityResponse {
  @ApiProperty({ format: 'date', description: 'In UTC; of the time of recording.' }) day!: string;
  @ApiProperty({ type: ActivityManufacturerResponse }) manufacturer!: ActivityManufacturerResponse;
  @ApiProperty({ enum: activityKinds }) kind!: string;
  @ApiProperty() changes!: number;
  @ApiProperty({ format: 'date-time' }) firstAt!: string;
  @ApiProperty({ format: 'date-time' }) lastAt!: string;
}

class ActivityListResponse {
  @ApiProperty({ type: [ActivityResponse] }) items!: readonly ActivityResponse[];
  @ApiProperty({ type: String, nullable: true }) nextCursor!: string | null;
}

const query = {
  from: day,
  to: day,
  manufacturerId: uuid,
  kind: oneOf(...activityKinds),
  merged: oneOf('apart', 'into'),
  limit: parseLimit,
  cursor: text(4096),
  after: position,
  format: oneOf('json', 'csv', 'ndjson'),
};

@ApiTags('analytics')
@ApiBearerAuth()
@Controller('v1/analytics/registry-activity')
export class RegistryActivityController {
  constructor(private readonly store: ReadStore) {}

  @Get()
  @RequirePermission('analytics.read')
  @ApiOperation({
    summary: 'How often the registry was changed, by day, manufacturer and kind of change',
    description:
      'Of the facts that have been counted so far, the newest day first, then by name; who has `fanout.read` is ' +
      'told by `GET /v1/fanout/consumers` how far that is. A change of a product counts for its manufacturer. With `format=csv` or `ndjson`, ' +
      'or such an `Accept`, every row is exported.',
  })
  @ApiQuery({
    name: 'from',
    required: false,
    description: 'First day, in UTC.',
    example: '2026-02-01',
  })
  @ApiQuery({ name: 'to', required: false, description: 'Last day.', example: '2026-02-28' })
  @ApiQuery({ name: 'manufacturerId', required: false })
  @ApiQuery({ name: 'kind', required: false, enum: activityKinds })
  @ApiQuery({
    name: 'merged',
    required: false,
    enum: ['apart', 'into'],
    description:
      '`apart` unless given: each under its own id. `into`: what merged manufacturers did counts for the one that answers for them.',
  })
  @ApiQuery({
    name: 'limit',
    required: false,
    type: Number,
    description: '1 to 1,000; 100 unless given.',
  })
  @ApiQuery({ name: 'cursor', required: false })
  @ApiQuery({
    name: 'after',
    required: false,
    description: 'Wait until this position is counted; not where facts come over Kafka.',
  })
  @ApiQuery({ name: 'format', required: false, enum: ['json', 'csv', 'ndjson'] })
  @ApiOkResponse({ type: ActivityListResponse })
  async list(
    @Query() asked: Record<string, unknown>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { limit, cursor, after, format, ...filter } = readQuery(asked, query);
    if (filter.from !== undefined && filter.to !== undefined && filter.from > filter.to) {
      throw queryInvalid([{ pointer: '?to', reason: 'expected a day that is not before from' }]);
    }
    const exported = formatAskedFor(format, request.headers.accept);
    if (exported && (cursor ?? limit) !== undefined) throw exportHasNoPages({ cursor, limit });
    if (after) await waitUntilCounted(this.store, after);
    if (exported) this.export(reply, filter, exported);
    else {
      const page = { cursor, limit: limit ?? parseLimit(undefined) };
      void reply.send(await listActivity(this.store.pool, filter, page));
    }
  }

  private export(reply: FastifyReply, filter: ActivityFilter, format: ExportFormat): void {
    const lines = fromSnapshot(this.store.pool, (client) => {
      const rows = allActivity(client, filter);
      return format === 'csv' ? csvLines(rows, columns) : ndjsonLines(rows);
    });
    sendLines(reply, lines, { format, filename: `registry-activity.${format}` });
  }
}

const columns: readonly Column<ActivityView>[] = [
  { name: 'day', value: (row) => row.day },
  { name: 'manufacturer_id', value: ({ manufacturer }) => manufacturer.id },
  { name: 'manufacturer', value: ({ manufacturer }) => manufacturer.name },
  { name: 'merged_into', value: ({ manufacturer }) => manufacturer.mergedInto },
  { name: 'kind', value: (row) => row.kind },
  { name: 'changes', value: (row) => row.changes },
  { name: 'first_at', value: (row) => row.firstAt },
  { name: 'last_at', value: (row) => row.lastAt },
];

const exportHasNoPages = (asked: { readonly cursor?: unknown; readonly limit?: unknown }) =>
  queryInvalid(
    (['cursor', 'limit'] as const)
      .filter((name) => asked[name] !== undefined)
      .map((name) => ({ pointer: `?${name}`, reason: 'an export holds every row: leave it out' })),
  );
