import type { ProjectionClient } from '#subscription/projection/projection.js';

/** A row of `api_keys`. Times are ISO 8601, 64-bit numbers text. */
interface ApiKeyRow {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly status: 'active' | 'revoked';
  readonly expires_at: string | null;
  readonly issued_at: string;
  readonly issued_by: string;
  readonly issued_position: string;
  readonly revision: string;
}

/** What revokes a key, by the id of the key. */
interface Revocation {
  readonly revision: string;
  readonly at: string;
  readonly by: string;
  readonly reason: string | null;
}

/** What a batch tells. No row is read for it: a key is issued once and revoked once. */
export interface ApiKeysWork {
  readonly issued: ApiKeyRow[];
  readonly revoked: Map<string, Revocation>;
}

/** Writes what changed: one statement for new keys and one for revocations. */
export const saveWork = async (
  client: ProjectionClient,
  { issued, revoked }: ApiKeysWork,
): Promise<void> => {
  if (issued.length > 0) {
    await client.query(
      `insert into api_keys
         (id, name, roles, status, expires_at, issued_at, issued_by, issued_position, revision)
       select * from jsonb_to_recordset($1::jsonb) as issued
         (id text, name text, roles text[], status text, expires_at timestamptz,
          issued_at timestamptz, issued_by text, issued_position bigint, revision bigint)`,
      [JSON.stringify(issued)],
    );
  }
  if (revoked.size > 0) {
    const rows = [...revoked].map(([id, revocation]) => ({ id, ...revocation }));
    await client.query(
      `update api_keys
          set status = 'revoked', revoked_at = told.at, revoked_by = told.by,
              revoke_reason = told.reason, revision = told.revision
         from jsonb_to_recordset($1::jsonb) as told
           (id text, at timestamptz, by text, reason text, revision bigint)
        where api_keys.id = told.id`,
      [JSON.stringify(rows)],
    );
  }
};
