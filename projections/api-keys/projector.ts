import { type ApiKeyEvent, apiKeyStream } from '#access/api-key/events.js';
import type { StoredEvent } from '#event-log/event-log.js';
import { formatPosition } from '#event-log/position.js';

/** A row of `api_keys`. Times are ISO 8601, 64-bit numbers text. */
export interface ApiKeyRow {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly status: 'active' | 'revoked';
  readonly expires_at: string | null;
  readonly issued_at: string;
  readonly issued_by: string;
  readonly issued_position: string;
  readonly revoked_at: string | null;
  readonly revoked_by: string | null;
  readonly revoke_reason: string | null;
  readonly revision: string;
}

type Apply = (rows: Map<string, ApiKeyRow>, event: StoredEvent) => void;
type Of<T extends ApiKeyEvent['type']> = Extract<ApiKeyEvent, { type: T }>['data'];

const idOf = ({ stream }: StoredEvent): string => stream.slice(apiKeyStream('').length);

/** What each event changes. Complete: a new event type of keys fails to compile here. */
export const changes: Readonly<Record<ApiKeyEvent['type'], Apply>> = {
  ApiKeyIssued: (rows, event) => {
    const { name, roles, expiresAt } = event.data as Of<'ApiKeyIssued'>;
    rows.set(idOf(event), {
      ...{ id: idOf(event), name, roles, status: 'active', expires_at: expiresAt },
      issued_at: event.created.toISOString(),
      issued_by: event.metadata.actor.id,
      issued_position: formatPosition(event.position),
      ...{ revoked_at: null, revoked_by: null, revoke_reason: null },
      revision: String(event.revision),
    });
  },
  ApiKeyRevoked: (rows, event) => {
    const row = rows.get(idOf(event));
    if (!row) return;
    const { actor, reason = null } = event.metadata;
    rows.set(row.id, {
      ...row,
      ...{ status: 'revoked', revoked_at: event.created.toISOString(), revoked_by: actor.id },
      ...{ revoke_reason: reason, revision: String(event.revision) },
    });
  },
};
