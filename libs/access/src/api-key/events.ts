import type { DomainEvent, Role } from '#kernel/event.js';

// The names below are the storage format.

export const apiKeyCategory = 'apiKey';
export const apiKeyStream = (id: string): string => `${apiKeyCategory}-${id}`;

/** The secret itself is never stored: `secretSha256` is the hex SHA-256 of its text. */
export type ApiKeyIssued = DomainEvent<
  'ApiKeyIssued',
  {
    readonly name: string;
    readonly roles: readonly Role[];
    readonly secretSha256: string;
    /** ISO 8601 UTC; null for a key that does not expire. */
    readonly expiresAt: string | null;
  }
>;
/** Why is in the event's metadata. */
export type ApiKeyRevoked = DomainEvent<'ApiKeyRevoked', Readonly<Record<string, never>>>;

export type ApiKeyEvent = ApiKeyIssued | ApiKeyRevoked;
