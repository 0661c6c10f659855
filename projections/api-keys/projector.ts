import { type ApiKeyEvent, apiKeyStream } from '#access/api-key/events.js';
import type { StoredEvent } from '#event-log/event-log.js';
import { formatPosition } from '#event-log/position.js';

import type { ApiKeysWork } from './working-set.js';

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
