import { Type } from 'typebox';

import { type EventOf, eventTypes } from '#kernel/event-types.js';
import { choice, closed, id, orNull, text } from '#kernel/schema.js';

// The names below are the storage format.

/** One message, or the samples of it that could not be taken. */
export const quarantineCategory = 'quarantine';

export const ways = ['mqtt', 'http'] as const;
export type Way = (typeof ways)[number];

const problem = closed({
  pointer: text('JSON pointer to what is wrong; empty for the whole.'),
  reason: text('What was expected.'),
});

export const quarantineEvents = eventTypes({
  MessageQuarantined: {
    about:
      'What a device sent could not be taken. It is kept with the reason, to be replayed or discarded.',
    data: closed({
      device: id('The device that sent it.'),
      way: choice(ways, 'How it came.'),
      topic: orNull(text('Topic of MQTT; null for another way.')),
      content: text(
        'The bytes in base64; the beginning of them where there were more than are kept.',
      ),
      bytes: Type.Integer({ minimum: 0, description: 'How many bytes there were.' }),
      sha256: text('Of all bytes, in hexadecimal.'),
      problems: Type.Array(problem, { description: 'The first of what is wrong.' }),
      samples: Type.Integer({
        minimum: 0,
        description: 'Samples in it, as far as it could be read.',
      }),
    }),
    example: {
      device: '4b0d3a52-7ad4-5c1b-9f1e-7f2b6a1e8c90',
      way: 'mqtt',
      topic: 'voltrace/v1/4b0d3a52-7ad4-5c1b-9f1e-7f2b6a1e8c90/samples',
      content: 'eyJ2IjoxfQ==',
      bytes: 7,
      sha256: '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae',
      problems: [{ pointer: '/session', reason: 'is missing' }],
      samples: 0,
    },
  },
  QuarantinedReplayFailed: {
    about: 'What was quarantined was sent in again, and some or all of it is wrong still.',
    data: closed({
      taken: Type.Integer({ minimum: 0, description: 'Samples that were taken this time.' }),
      problems: Type.Array(problem, { description: 'The first of what is wrong now.' }),
    }),
    example: { taken: 0, problems: [{ pointer: '/session', reason: 'is missing' }] },
  },
  QuarantinedReplayed: {
    about: 'What was quarantined was taken after all.',
    data: closed({ taken: Type.Integer({ minimum: 0, description: 'Samples that were taken.' }) }),
    example: { taken: 12 },
  },
  QuarantinedDiscarded: {
    about: 'What was quarantined is not wanted. The reason is in the metadata.',
    data: closed({}),
    example: {},
  },
});

export type QuarantineEvent = EventOf<typeof quarantineEvents>;
