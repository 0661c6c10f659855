import { Type } from 'typebox';

import { roles } from '#kernel/event.js';
import { type EventOf, eventTypes } from '#kernel/event-types.js';
import { choice, closed, instant, name, orNull } from '#kernel/schema.js';

// The names below are the storage format.

export const apiKeyCategory = 'apiKey';
export const apiKeyStream = (id: string): string => `${apiKeyCategory}-${id}`;

export const apiKeyEvents = eventTypes({
  ApiKeyIssued: {
    about: 'The key opens the API from now on. The secret itself is never stored.',
    data: closed({
      name: name('What it is for.'),
      roles: Type.Array(choice(roles, 'What its bearer may do.')),
      secretSha256: Type.String({
        pattern: '^[0-9a-f]{64}$',
        description: 'SHA-256 of its text, hexadecimal.',
      }),
      expiresAt: orNull(instant('Null for a key that does not expire.')),
    }),
    example: {
      name: 'nightly import',
      roles: ['curator'],
      secretSha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
      expiresAt: '2027-01-01T00:00:00.000Z',
    },
  },
  ApiKeyRevoked: {
    about: 'The key opens nothing any more. The reason is in the metadata.',
    data: closed({}),
    example: {},
  },
});

export type ApiKeyEvent = EventOf<typeof apiKeyEvents>;
