import { describe, expect, it } from 'vitest';

import { exampleEvents } from '#kernel/event-types.js';
import { commandMeta, givenFor } from '#testing/decider-spec.js';

import { credentialDecider } from './decider.js';
import { credentialEvents } from './events.js';
import { fitsVerifier, newDeviceSecret, verifierOf } from './verifier.js';

const given = givenFor(credentialDecider);
const meta = commandMeta();
const { DeviceCredentialIssued: issued, DeviceCredentialRevoked: revoked } =
  exampleEvents(credentialEvents);
const { verifier } = issued.data;
const named = (credential: string) => ({ ...issued, data: { ...issued.data, credential } });
const issue = (credential: string) =>
  ({ type: 'IssueCredential', data: { credential }, verifier, meta }) as const;

describe('credentials of a device', () => {
  it('are two at most, so that one can take the place of the other', () => {
    given().when(issue('a')).then(named('a'));
    given(named('a')).when(issue('b')).then(named('b'));
    const both = [named('a'), named('b')];
    const refusal = given(...both)
      .when(issue('c'))
      .thenRefused('TOO_MANY_CREDENTIALS');
    expect(refusal.details['credentials']).toEqual(['a', 'b']);
    const gone = { ...revoked, data: { credential: 'a' } };
    given(...both, gone)
      .when(issue('c'))
      .then(named('c'));
    given(...both, gone)
      .when(issue('a'))
      .thenRefused('CREDENTIAL_EXISTS');
  });

  it('are revoked once', () => {
    const revoke = { type: 'RevokeCredential', data: revoked.data, meta } as const;
    given(issued).when(revoke).then(revoked);
    given(issued, revoked).when(revoke).thenNothing();
    given().when(revoke).thenRefused('CREDENTIAL_UNKNOWN');
  });
});

describe('a verifier', () => {
  it('fits its own secret only, and tells nothing of it', () => {
    const secret = newDeviceSecret();
    const kept = verifierOf(secret);
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
    expect(kept).toMatch(/^\$7\$101\$[A-Za-z\d+/]{16}\$[A-Za-z\d+/]{86}==$/);
    expect(kept).not.toContain(secret);
    expect(verifierOf(secret)).not.toBe(kept);
    expect(fitsVerifier(secret, kept)).toBe(true);
    expect(fitsVerifier(newDeviceSecret(), kept)).toBe(false);
    expect(fitsVerifier('', kept)).toBe(false);
  });

  it('of mosquitto_passwd is read', () => {
    // Made by mosquitto_passwd of Mosquitto 2 for the password `correct horse`.
    const made =
      '$7$101$LQgQEI6E9+11MsbI$dSwTDrdoVe5O9wMbHUQCo63YNlWZkJ5WUaVHzECTK3xQKk5rzcXgATWziXrhTDAmd1EEPcfJ9yoMhZ2swJQaug==';
    expect(fitsVerifier('correct horse', made)).toBe(true);
    expect(fitsVerifier('correct horses', made)).toBe(false);
  });

  it.each([
    '',
    '$7$',
    '$6$101$AAAA$AAAA',
    '$7$0$AAAA$AAAA',
    '$7$9999999$AAAA$AAAA',
    '$7$1$AAAA$AAAA',
  ])('of another form (%s) fits nothing', (strange) => {
    expect(fitsVerifier('', strange)).toBe(false);
  });
});
