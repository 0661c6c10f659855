import type { ApiKeyIssued, ApiKeyRevoked } from './events.js';

export const apiKeyIssued: ApiKeyIssued = {
  type: 'ApiKeyIssued',
  data: {
    name: 'nightly import',
    roles: ['curator'],
    secretSha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    expiresAt: '2027-01-01T00:00:00.000Z',
  },
};

export const apiKeyRevoked: ApiKeyRevoked = { type: 'ApiKeyRevoked', data: {} };
