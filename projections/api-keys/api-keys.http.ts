import { ApiProperty } from '@nestjs/swagger';

import { oneOf } from '#http/query-params.js';
import { roles } from '#kernel/event.js';
import { prepared } from '#read-store/prepared.js';
import { schemaOf } from '#read-store/schema-names.js';
import { isMissingRelation } from '#read-store/store-errors.js';
import { resourceController } from '#resource/controller.js';
import type { ActorNames } from '#resource/reader.js';
import { defineResource, filter, visibleIn } from '#resource/resource.js';
import { compares } from '#resource/sql.js';

import { apiKeys } from './api-keys.projection.js';

const table = `${schemaOf(apiKeys)}.api_keys`;
const statuses = ['active', 'revoked'] as const;

/** An API key in a list; neither the key nor its hash. */
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

export const apiKeyList = defineResource({
  name: 'api-keys',
  tag: 'access',
  permission: 'keys.manage',
  ready: visibleIn(apiKeys),
  response: ListedApiKeyResponse,
  select: `id, name, roles, status, expires_at as "expiresAt", issued_at as "issuedAt",
    issued_by as "issuedBy", revoked_at as "revokedAt", revoked_by as "revokedBy",
    revoke_reason as "revokeReason", revision::float8`,
  from: table,
  list: {
    summary: 'API keys, the newest first',
    description: 'Names, roles and who issued or revoked them; neither a key nor its hash.',
    filters: { status: filter(oneOf(...statuses), compares('status')) },
    // The position of a key does not change.
    order: [{ expression: 'issued_position', type: 'bigint', descending: true }],
  },
});

export class ApiKeysController extends resourceController(apiKeyList) {}

/** The names of those of `ids` that are API keys; none before the first build of the read model. */
export const apiKeyNames: ActorNames = async (pool, ids) => {
  const { rows } = await pool
    .query<{ id: string; name: string }>(
      prepared(`select id, name from ${table} where id = any($1)`, [ids]),
    )
    .catch((error: unknown) => {
      if (!isMissingRelation(error)) throw error;
      return { rows: [] };
    });
  return new Map(rows.map(({ id, name }) => [id, name]));
};
