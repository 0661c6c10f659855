import { Type } from 'typebox';

import { type EventOf, eventTypes } from '#kernel/event-types.js';
import { closed, orNull, text } from '#kernel/schema.js';

// The names below are the storage format.

/** What one device should run with and what it does run with, in a stream that is named by the device. */
export const configurationCategory = 'deviceConfiguration';
export const configurationStream = (deviceId: string): string =>
  `${configurationCategory}-${deviceId}`;

const configuration = Type.Unsafe<Readonly<Record<string, unknown>>>({
  type: 'object',
  additionalProperties: true,
  description: 'Settings by name. A secret is a reference, `{"$secret": "<name>"}`, never a value.',
});
const version = Type.Integer({
  minimum: 1,
  description: 'Counts the configurations that were desired.',
});
const hash = text('SHA-256 of the configuration in canonical JSON (RFC 8785), in hexadecimal.');

export const configurationEvents = eventTypes({
  ConfigurationDesired: {
    about: 'The device should run with this configuration.',
    data: closed({ version, configuration, hash }),
    example: {
      version: 2,
      configuration: { pollSeconds: 4, token: { $secret: 'house-7-sonnen' } },
      hash: '5f2b7f5e0a3c9d1b8e6a4c2f0d9b7a5e3c1f8d6b4a2e0c9f7d5b3a1e8c6f4d2b',
    },
  },
  ConfigurationReported: {
    about: 'The device says with which configuration it runs.',
    data: closed({
      version: orNull(
        Type.Integer({ minimum: 1, description: 'The version that it says it runs.' }),
      ),
      configuration,
      hash,
    }),
    example: {
      version: 2,
      configuration: { pollSeconds: 4, token: { $secret: 'house-7-sonnen' } },
      hash: '5f2b7f5e0a3c9d1b8e6a4c2f0d9b7a5e3c1f8d6b4a2e0c9f7d5b3a1e8c6f4d2b',
    },
  },
  ConfigurationRefused: {
    about: 'The device does not take over the configuration.',
    data: closed({ version, reason: text('What the device says.') }),
    example: { version: 2, reason: 'pollSeconds: expected at least 5' },
  },
});

export type ConfigurationEvent = EventOf<typeof configurationEvents>;
