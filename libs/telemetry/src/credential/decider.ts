import type { Command } from '#kernel/command.js';
import type { Decider } from '#kernel/decider.js';
import { Refusal } from '#kernel/refusal.js';

import { credentialCategory, type CredentialEvent, credentialEvents } from './events.js';

/** The new one and the one that it replaces, until that is revoked. */
export const maxLiveCredentials = 2;

interface Named {
  readonly credential: string;
}

export type CredentialCommand =
  /** The verifier stands beside `data`: it is made anew for every attempt, while `data` tells a repeated command. */
  | (Command<'IssueCredential', Named> & { readonly verifier: string })
  | Command<'RevokeCredential', Named>;

export interface IssuedCredential {
  readonly status: 'live' | 'revoked';
  readonly verifier: string;
}
/** By id of the credential. */
export type CredentialState = ReadonlyMap<string, IssuedCredential>;

const issue = (credential: string, verifier: string, state: CredentialState): CredentialEvent[] => {
  if (state.has(credential)) throw credentialExists();
  const live = [...state].filter(([, { status }]) => status === 'live').map(([id]) => id);
  if (live.length >= maxLiveCredentials) throw tooMany(live);
  return [{ type: 'DeviceCredentialIssued', data: { credential, verifier } }];
};

const revoke = (credential: string, state: CredentialState): CredentialEvent[] => {
  const known = state.get(credential);
  if (!known) throw unknownCredential();
  return known.status === 'revoked'
    ? []
    : [{ type: 'DeviceCredentialRevoked', data: { credential } }];
};

const credentialExists = () =>
  new Refusal('CREDENTIAL_EXISTS', 'conflict', 'there is a credential with this id already');

export const unknownCredential = () =>
  new Refusal('CREDENTIAL_UNKNOWN', 'not-found', 'the device has no such credential');

const tooMany = (credentials: readonly string[]) =>
  new Refusal(
    'TOO_MANY_CREDENTIALS',
    'conflict',
    `a device has at most ${String(maxLiveCredentials)} credentials at a time: revoke one first`,
    { credentials },
  );

export const credentialDecider: Decider<CredentialState, CredentialCommand, CredentialEvent> = {
  category: credentialCategory,
  events: credentialEvents,
  initialState: new Map(),
  decide(command, state) {
    switch (command.type) {
      case 'IssueCredential':
        return issue(command.data.credential, command.verifier, state);
      case 'RevokeCredential':
        return revoke(command.data.credential, state);
    }
  },
  evolve(state, { type, data }) {
    switch (type) {
      case 'DeviceCredentialIssued':
        return new Map(state).set(data.credential, { status: 'live', verifier: data.verifier });
      case 'DeviceCredentialRevoked': {
        const known = state.get(data.credential);
        return known ? new Map(state).set(data.credential, { ...known, status: 'revoked' }) : state;
      }
    }
  },
};
