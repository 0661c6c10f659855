import { describe, expect, it } from 'vitest';

import { exampleEvents } from '#kernel/event-types.js';
import { commandMeta, givenFor } from '#testing/decider-spec.js';

import { IssueApiKey, RevokeApiKey } from './commands.js';
import { apiKeyDecider } from './decider.js';
import { apiKeyEvents } from './events.js';

const given = givenFor(apiKeyDecider);
const { ApiKeyIssued: apiKeyIssued, ApiKeyRevoked: apiKeyRevoked } = exampleEvents(apiKeyEvents);
const { name, roles, secretSha256, expiresAt } = apiKeyIssued.data;
const meta = commandMeta({ occurredAt: '2026-06-01T00:00:00.000Z' });
const issue = (data: Partial<IssueApiKey['data']> = {}) =>
  new IssueApiKey({ name, roles, expiresAt, ...data }, secretSha256, meta);
const revoke = new RevokeApiKey({}, meta);

describe('an API key', () => {
  it('is issued with its roles and the hash of its secret', () => {
    given().when(issue()).then(apiKeyIssued);
  });

  it('holds each role once, in one order', () => {
    given()
      .when(issue({ roles: ['viewer', 'auditor', 'viewer'] }))
      .then({ ...apiKeyIssued, data: { ...apiKeyIssued.data, roles: ['auditor', 'viewer'] } });
  });

  it('need not expire, but may not have expired before it is issued', () => {
    given()
      .when(issue({ expiresAt: null }))
      .then({ ...apiKeyIssued, data: { ...apiKeyIssued.data, expiresAt: null } });
    const refusal = given()
      .when(issue({ expiresAt: meta.occurredAt }))
      .thenRefused('EXPIRY_IN_THE_PAST');
    expect(refusal.details.errors?.[0]?.pointer).toBe('/expiresAt');
  });

  it('is issued once', () => {
    given(apiKeyIssued).when(issue()).thenRefused('API_KEY_EXISTS');
    given(apiKeyIssued, apiKeyRevoked).when(issue()).thenRefused('API_KEY_EXISTS');
  });

  it('is revoked for good', () => {
    given(apiKeyIssued).when(revoke).then(apiKeyRevoked);
    given(apiKeyIssued, apiKeyRevoked).when(revoke).thenNothing();
    given().when(revoke).thenRefused('API_KEY_NOT_FOUND');
    expect(given(apiKeyIssued, apiKeyRevoked).state).toMatchObject({ status: 'revoked', name });
  });
});
