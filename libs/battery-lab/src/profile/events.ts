import { Type } from 'typebox';

import type { Program } from '#cycling/program/program.js';
import { type EventOf, eventTypes } from '#kernel/event-types.js';
import { closed, name, text } from '#kernel/schema.js';

// The names below are the storage format, and public: the AsyncAPI document is made of them.

export const profileCategory = 'profile';
export const profileStream = (profile: string): string => `${profileCategory}-${profile}`;

const content = {
  /** Checked before it is stored; a later version of the language may know more. */
  program: Type.Unsafe<Program>({
    type: 'object',
    required: ['steps'],
    properties: { steps: { type: 'array', items: { type: 'object' } } },
    description: 'What the cycler is to do, as `program` of the routes of profiles.',
  }),
  hash: Type.String({
    pattern: '^[0-9a-f]{64}$',
    description: 'SHA-256 of the canonical JSON (RFC 8785) of the program, in hexadecimal.',
  }),
};

export const profileEvents = eventTypes({
  ProfileDefined: {
    about: 'There is a program that batteries can be tested by. This is its version 1.',
    data: closed({
      name: name('Unique among profiles in use.'),
      description: text('What it is for; empty where nobody said.'),
      ...content,
    }),
    example: {
      ...{ name: 'CC-CV ageing', description: 'Charge to 4.2 V, discharge at 1 C' },
      program: {
        steps: [
          { do: 'cccv', cRate: 0.5, voltageV: 4.2, until: [{ currentA: 0.05 }] },
          { do: 'cc', cRate: -1, until: [{ voltageV: 2.8 }] },
        ],
      },
      hash: '4c3be1a6b3d84a6f7f0f1a3b0a87f6b8b0c5e6f1d2c3b4a5968778695a4b3c2d',
    },
  },
  ProfileRevised: {
    about: 'The profile has another program from now on; what it was before stays a version.',
    data: closed({ version: Type.Integer({ minimum: 2 }), ...content }),
    example: {
      version: 2,
      program: { steps: [{ do: 'rest', until: [{ timeS: 1800 }] }] },
      hash: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    },
  },
  ProfileRetired: {
    about: 'No new experiment runs by the profile; its versions stay.',
    data: closed({}),
    example: {},
  },
});

export type ProfileEvent = EventOf<typeof profileEvents>;
