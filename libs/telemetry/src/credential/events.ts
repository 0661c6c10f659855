import { type EventOf, eventTypes } from '#kernel/event-types.js';
import { closed, id, text } from '#kernel/schema.js';

// The names below are the storage format.

/** The credentials of one device, in a stream that is named by the device. */
export const credentialCategory = 'deviceCredential';
export const credentialStream = (deviceId: string): string => `${credentialCategory}-${deviceId}`;

const credential = id('The credential.');

export const credentialEvents = eventTypes({
  DeviceCredentialIssued: {
    about:
      'The device may connect with a secret that was shown once. The secret itself is stored nowhere.',
    data: closed({
      credential,
      verifier: text(
        'PBKDF2-SHA512 of the secret in the form of a Mosquitto password file: `$7$<iterations>$<salt>$<hash>`.',
      ),
    }),
    example: {
      credential: '7e2a4c0e-0a4c-5f6b-8a27-3f2f1f0b9d55',
      verifier: '$7$1000$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNo',
    },
  },
  DeviceCredentialRevoked: {
    about: 'The device cannot connect with this credential any more.',
    data: closed({ credential }),
    example: { credential: '7e2a4c0e-0a4c-5f6b-8a27-3f2f1f0b9d55' },
  },
});

export type CredentialEvent = EventOf<typeof credentialEvents>;
