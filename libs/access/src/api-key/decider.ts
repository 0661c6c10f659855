import type { Decider } from '#kernel/decider.js';
import type { Role } from '#kernel/event.js';
import { Refusal } from '#kernel/refusal.js';

import type { ApiKeyCommand, IssueApiKey } from './commands.js';
import { apiKeyCategory, type ApiKeyEvent, apiKeyEvents } from './events.js';

export interface IssuedKey {
  readonly status: 'active' | 'revoked';
  readonly name: string;
  readonly roles: readonly Role[];
  readonly secretSha256: string;
  readonly expiresAt: string | null;
}

export type ApiKeyState = { readonly status: 'none' } | IssuedKey;

const issue = ({ data, secretSha256, meta }: IssueApiKey, state: ApiKeyState): ApiKeyEvent[] => {
  if (state.status !== 'none') {
    throw new Refusal('API_KEY_EXISTS', 'conflict', 'there is a key with this id already');
  }
  if (data.expiresAt !== null && Date.parse(data.expiresAt) <= Date.parse(meta.occurredAt)) {
    throw new Refusal('EXPIRY_IN_THE_PAST', 'unprocessable', 'the key would have expired already', {
      errors: [{ pointer: '/expiresAt', reason: 'expected a time in the future' }],
    });
  }
  // The same key however the roles were listed.
  const roles = [...new Set(data.roles)].sort();
  const { name, expiresAt } = data;
  return [{ type: 'ApiKeyIssued', data: { name, roles, secretSha256, expiresAt } }];
};

const revoke = (state: ApiKeyState): ApiKeyEvent[] => {
  switch (state.status) {
    case 'none':
      throw new Refusal('API_KEY_NOT_FOUND', 'not-found', 'there is no such key');
    case 'active':
      return [{ type: 'ApiKeyRevoked', data: {} }];
    case 'revoked':
      return [];
  }
};

export const apiKeyDecider: Decider<ApiKeyState, ApiKeyCommand, ApiKeyEvent> = {
  category: apiKeyCategory,
  events: apiKeyEvents,
  initialState: { status: 'none' },
  decide(command, state) {
    switch (command.type) {
      case 'IssueApiKey':
        return issue(command, state);
      case 'RevokeApiKey':
        return revoke(state);
    }
  },
  evolve(state, event) {
    switch (event.type) {
      case 'ApiKeyIssued':
        return { status: 'active', ...event.data };
      case 'ApiKeyRevoked':
        return state.status === 'none' ? state : { ...state, status: 'revoked' };
    }
  },
};
