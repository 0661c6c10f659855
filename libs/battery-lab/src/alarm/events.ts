import { type EventOf, eventTypes } from '#kernel/event-types.js';
import { choice, closed, id, orNull, text } from '#kernel/schema.js';

// The names below are the storage format, and public: the AsyncAPI document is made of them.

export const alarmCategory = 'cyclerAlarm';
export const alarmStream = (id: string): string => `${alarmCategory}-${id}`;

export const alarmKinds = [
  'safetyTrip',
  'outputOffNotConfirmed',
  'unitLost',
  'instructionTimedOut',
  'experimentFailed',
  'queueHeld',
] as const;
export type AlarmKind = (typeof alarmKinds)[number];
export const severities = ['warning', 'critical'] as const;

export const alarmEvents = eventTypes({
  CyclerAlarmRaised: {
    about: 'Somebody has to know of this and say that they do.',
    data: closed({
      experimentId: id('The experiment that it is about.'),
      stationId: id('The station.'),
      kind: choice(alarmKinds, 'What happened.'),
      severity: choice(severities, 'Critical: the output may be on where it must be off.'),
      message: text('What happened, for people.'),
    }),
    example: {
      experimentId: '0f9e7c1a-56a0-5a64-8c0b-3d9f2b6f8d11',
      stationId: '5f2a3f0e-9a93-5f5c-8a43-1f0a3a0f7c55',
      kind: 'safetyTrip',
      severity: 'warning',
      message: 'the voltage was 4.31 V for 0.2 s; the limit is 4.25 V',
    },
  },
  CyclerAlarmEscalated: {
    about: 'What the alarm is about has become worse, or was not answered in time.',
    data: closed({ message: text('Why, for people.') }),
    example: { message: 'the unit has not confirmed within 2 s that the output is off' },
  },
  CyclerAlarmAcknowledged: {
    about: 'A person knows of it.',
    data: closed({ comment: orNull(text('What they say of it.')) }),
    example: { comment: 'on my way' },
  },
  CyclerAlarmCleared: {
    about: 'What it was about is over.',
    data: closed({ message: text('What has ended it, for people.') }),
    example: { message: 'the unit has confirmed that the output is off' },
  },
});

export type AlarmEvent = EventOf<typeof alarmEvents>;
