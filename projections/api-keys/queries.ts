import type { Pool } from 'pg';

import { decodeCursor, encodeCursor, type PageOf } from '#http/paging.js';
import { schemaOf } from '#read-store/projection.js';
import { isMissingRelation } from '#read-store/store-errors.js';

import { apiKeys } from './api-keys.projection.js';

const schema = schemaOf(apiKeys);

/** An API key in a list; neither the key nor its hash. */
export interface ListedApiKey {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly status: string;
  readonly expiresAt: Date | null;
  readonly issuedAt: Date;
  readonly issuedBy: string;
  readonly revokedAt: Date | null;
  readonly revokedBy: string | null;
  readonly revokeReason: string | null;
  readonly revision: number;
}

export interface ApiKeyFilter {
  readonly status?: string | undefined;
}

interface Selected extends ListedApiKey {
  readonly place: string;
}

/** API keys, the newest first: the place of a key does not change. Throws a `Refusal` (`CURSOR_INVALID`). */
export const listApiKeys = async (
  pool: Pick<Pool, 'query'>,
  { status }: ApiKeyFilter,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<PageOf<ListedApiKey>> => {
  const context = JSON.stringify(['api-keys', status ?? null]);
  const [before] = cursor === undefined ? [] : decodeCursor(cursor, context, ['bigint']);
  const { rows } = await pool.query<Selected>(
    `select id, name, roles, status, expires_at as "expiresAt", issued_at as "issuedAt",
            issued_by as "issuedBy", revoked_at as "revokedAt", revoked_by as "revokedBy",
            revoke_reason as "revokeReason", revision::float8, issued_position::text as place
       from ${schema}.api_keys
      where ($1::text is null or status = $1) and ($2::bigint is null or issued_position < $2)
      order by issued_position desc limit $3`,
    [status ?? null, before ?? null, limit + 1],
  );
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const more = rows.length > limit && last !== undefined;
  return {
    items: page.map(({ place: _, ...key }) => key),
    nextCursor: more ? encodeCursor([last.place], context) : null,
  };
};

/** The names of those of `ids` that are API keys; none before the first build of the read model. */
export const apiKeyNames = async (
  pool: Pick<Pool, 'query'>,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> => {
  const { rows } = await pool
    .query<{ id: string; name: string }>(
      `select id, name from ${schema}.api_keys where id = any($1)`,
      [ids],
    )
    .catch((error: unknown) => {
      if (!isMissingRelation(error)) throw error;
      return { rows: [] };
    });
  return new Map(rows.map(({ id, name }) => [id, name]));
};
