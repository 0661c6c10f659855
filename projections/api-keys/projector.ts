import { type ApiKeyEvent, apiKeyStream } from '#access/api-key/events.js';
import type { StoredEvent } from '#event-log/event-log.js';
import { formatPosition } from '#event-log/position.js';
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

type Apply = (work: ApiKeysWork, event: StoredEvent) => void;
type Of<T extends ApiKeyEvent['type']> = Extract<ApiKeyEvent, { type: T }>['data'];

const idOf = ({ stream }: StoredEvent): string => stream.slice(apiKeyStream('').length);

/** What each event changes. Complete: a new event type of keys fails to compile here. */
export const changes: Readonly<Record<ApiKeyEvent['type'], Apply>> = {
  ApiKeyIssued: (work, event) => {
    const { name, roles, expiresAt } = event.data as Of<'ApiKeyIssued'>;
    work.issued.push({
      ...{ id: idOf(event), name, roles, status: 'active', expires_at: expiresAt },
      issued_at: event.created.toISOString(),
      issued_by: event.metadata.actor.id,
      issued_position: formatPosition(event.position),
      revision: String(event.revision),
    });
  },
  ApiKeyRevoked: (work, event) => {
    const { actor, reason = null } = event.metadata;
    work.revoked.set(idOf(event), {
      revision: String(event.revision),
      at: event.created.toISOString(),
      ...{ by: actor.id, reason },
    });
  },
};

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
