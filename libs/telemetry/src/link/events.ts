import { Type } from 'typebox';

import { type EventOf, eventTypes } from '#kernel/event-types.js';
import { choice, closed, instant, text, texts } from '#kernel/schema.js';

// The names below are the storage format.

/** How a device is connected and what came over, in a stream that is named by the device. */
export const linkCategory = 'deviceLink';
export const linkStream = (deviceId: string): string => `${linkCategory}-${deviceId}`;

const session = text('Session of the device, as it names it.');
const count = (description: string) => Type.Integer({ minimum: 0, description });
const from = count('Number of the first of them.');
const to = count('Number of the last of them.');

export const linkEvents = eventTypes({
  DeviceBorn: {
    about: 'The device began a session and said what it is.',
    data: closed({
      session,
      properties: texts('Firmware, capabilities and what else it says of itself.'),
    }),
    example: { session: '8c1f', properties: { firmware: '1.4.2' } },
  },
  DeviceStateReported: {
    about: 'The device came online or went offline, as it or its last will says.',
    data: closed({ state: choice(['online', 'offline'], 'Which.') }),
    example: { state: 'offline' },
  },
  MessagesMissed: {
    about: 'Numbers of a session were left out: these messages did not arrive.',
    data: closed({ session, from, to }),
    example: { session: '8c1f', from: 18, to: 19 },
  },
  ResendRequested: {
    about: 'The device was asked to send these messages, which are missed, again.',
    data: closed({ session, from, to }),
    example: { session: '8c1f', from: 18, to: 19 },
  },
  MessagesRecovered: {
    about: 'Messages that were missed arrived after all.',
    data: closed({ session, from, to }),
    example: { session: '8c1f', from: 18, to: 18 },
  },
  IntakeCounted: {
    about:
      'What arrived in a minute and changed nothing: messages that were known, and those that were refused.',
    data: closed({
      minute: instant('Beginning of the minute.'),
      duplicates: count('Messages that were known already.'),
      rejected: count('Messages that were refused and not kept.'),
      reasons: texts('Why, with how often, by code.'),
    }),
    example: {
      minute: '2026-05-04T11:00:00.000Z',
      duplicates: 2,
      rejected: 1,
      reasons: { FOREIGN_TOPIC: '1' },
    },
  },
});

export type LinkEvent = EventOf<typeof linkEvents>;
