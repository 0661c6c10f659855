import { Controller, Get, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiOkResponse,
  ApiOperation,
  ApiProperty,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';

import { RequirePermission } from '#access/require-permission.js';
import { parseLimit } from '#http/paging.js';
import { oneOf, position, readQuery, text } from '#http/query-params.js';
import { roles } from '#kernel/event.js';
import { ReadStore } from '#read-store/read-store.js';
import { requireVisible } from '#read-store/wait-for-position.js';

import { apiKeys } from './api-keys.projection.js';
import { listApiKeys, type ListedApiKey } from './queries.js';

const statuses = ['active', 'revoked'] as const;

class ListedApiKeyResponse {
  @ApiProperty() id!: string;
  @ApiProperty({ example: 'nightly import' }) name!: string;
  @ApiProperty({ enum: roles, isArray: true }) roles!: readonly string[];
  @ApiProperty({ enum: statuses, description: 'An expired key that nobody revoked is active.' })
  status!: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) expiresAt!: Date | null;
  @ApiProperty({ format: 'date-time' }) issuedAt!: Date;
  @ApiProperty({ description: 'Principal who issued it.' }) issuedBy!: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) revokedAt!: Date | null;
  @ApiProperty({ type: String, nullable: true }) revokedBy!: string | null;
  @ApiProperty({ type: String, nullable: true }) revokeReason!: string | null;
  @ApiProperty() revision!: number;
}

class ApiKeyListResponse {
  @ApiProperty({ type: [ListedApiKeyResponse] }) items!: readonly ListedApiKey[];
  @ApiProperty({ type: String, nullable: true }) nextCursor!: string | null;
}

const listQuery = {
  limit: parseLimit,
  cursor: text(4096),
  after: position,
  status: oneOf(...statuses),
};

@ApiTags('access')
@ApiBearerAuth()
@Controller('v1/api-keys')
@RequirePermission('keys.manage')
export class ApiKeysController {
  constructor(private readonly store: ReadStore) {}

  @Get()
  @ApiOperation({
    summary: 'API keys, the newest first',
    description: 'Names, roles and who issued or revoked them; neither a key nor its hash.',
  })
  @ApiQuery({ name: 'status', required: false, enum: statuses })
  @ApiQuery({ name: 'limit', required: false, type: Number })
  @ApiQuery({ name: 'cursor', required: false })
  @ApiQuery({ name: 'after', required: false, description: 'Wait until this position is visible.' })
  @ApiOkResponse({ type: ApiKeyListResponse })
  async list(@Query() query: Record<string, unknown>): Promise<ApiKeyListResponse> {
    const { limit = parseLimit(undefined), cursor, after, ...filter } = readQuery(query, listQuery);
    await requireVisible(this.store, apiKeys, after);
    return listApiKeys(this.store.pool, filter, { limit, cursor });
  }
}
