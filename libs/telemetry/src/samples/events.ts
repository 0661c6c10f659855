import { Type } from 'typebox';

import { type EventOf, eventTypes } from '#kernel/event-types.js';
import { choice, closed, id, instant, name, text } from '#kernel/schema.js';

// The names below are the storage format, and public: the AsyncAPI document is made of them.

/** The samples of one device that were taken on one UTC day: `samples-<device>.<yyyymmdd>`. */
export const samplesCategory = 'samples';
export const samplesIdOf = (deviceId: string, day: string): string =>
  `${deviceId}.${day.replaceAll('-', '')}`;
export const samplesStream = (deviceId: string, day: string): string =>
  `${samplesCategory}-${samplesIdOf(deviceId, day)}`;
/** The device whose samples the stream holds. */
export const deviceOfSamples = (stream: string): string =>
  stream.slice(samplesCategory.length + 1, stream.lastIndexOf('.'));

/** A number is finite; null stands for no sample. */
export type SampleValue = number | boolean | string | null;

export const qualities = ['good', 'uncertain', 'bad'] as const;
export type Quality = (typeof qualities)[number];

/** The samples of one series in a block. Values are in the unit of the series. */
export interface Column {
  readonly values: readonly SampleValue[];
  /** One for each value; all are good where it is absent. */
  readonly quality?: readonly Quality[];
}

const columns = Type.Unsafe<Readonly<Record<string, Column>>>({
  type: 'object',
  description:
    'By series: a value for each time, null where there is none, in the unit of the series.',
  additionalProperties: {
    type: 'object',
    properties: {
      values: { type: 'array', items: { type: ['number', 'boolean', 'string', 'null'] } },
      quality: { type: 'array', items: { enum: qualities } },
    },
    required: ['values'],
    additionalProperties: false,
  },
});

const block = closed({
  t0: instant('Time that the offsets count from.'),
  t: Type.Array(Type.Integer({ minimum: 0 }), {
    description: 'When each row was taken, in milliseconds after `t0`.',
  }),
  series: columns,
  hash: text('SHA-256 of the other members as JSON, in hexadecimal.'),
});

const message = closed({
  session: text('Session of the device, as it names it.'),
  seq: Type.Integer({ minimum: 0, description: 'Number of the message in its session.' }),
});

/** What a stream knows repetitions by. Each event of the category holds it, so that the newest one tells all of it. */
const seen = closed({
  sessions: Type.Array(
    closed({
      session: text('Session of the device.'),
      last: Type.Integer({ minimum: 0, description: 'The highest number of its messages here.' }),
    }),
    { description: 'The sessions with the newest messages, the newest last.' },
  ),
  hashes: Type.Array(text('Beginning of the hash of a block.'), {
    description: 'Of the newest blocks, those of the event among them, the newest last.',
  }),
});

export const samplesEvents = eventTypes({
  SamplesRecorded: {
    about: 'A device took these samples. Late, repeated and contradicting ones are among them.',
    data: closed({
      device: id('The device.'),
      from: instant('Time of the earliest sample.'),
      to: instant('Time of the latest sample.'),
      count: Type.Integer({ minimum: 1, description: 'Samples, a value of one series each.' }),
      blocks: Type.Array(block),
      messages: Type.Array(message, {
        description: 'The messages that they came in, where they came by MQTT.',
      }),
      seen,
    }),
    example: {
      device: '4b0d3a52-7ad4-5c1b-9f1e-7f2b6a1e8c90',
      from: '2026-05-04T11:00:00.000Z',
      to: '2026-05-04T11:00:04.000Z',
      count: 3,
      blocks: [
        {
          t0: '2026-05-04T11:00:00.000Z',
          t: [0, 4000],
          series: { 'A.Solar': { values: [1.25, 1.5] }, 'A.EV': { values: [null, 0] } },
          hash: '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae',
        },
      ],
      messages: [{ session: '8c1f', seq: 17 }],
      seen: { sessions: [{ session: '8c1f', last: 17 }], hashes: ['2c26b46b68ffc68f'] },
    },
  },
  SampleCorrected: {
    about:
      'A person says what a sample should have been, or that there is none. What was sent stays in the log.',
    data: closed({
      device: id('The device.'),
      series: name('The series.'),
      at: instant('Time of the sample.'),
      value: Type.Unsafe<SampleValue>({
        type: ['number', 'boolean', 'string', 'null'],
        description: 'The right value; null: there is no such sample.',
      }),
      quality: choice(qualities, 'Of the right value.'),
      seen,
    }),
    example: {
      device: '4b0d3a52-7ad4-5c1b-9f1e-7f2b6a1e8c90',
      series: 'A.Solar',
      at: '2026-05-04T11:00:00.000Z',
      value: 1.2,
      quality: 'good',
      seen: { sessions: [], hashes: [] },
    },
  },
});

export type SamplesEvent = EventOf<typeof samplesEvents>;
export type SamplesRecorded = Extract<SamplesEvent, { type: 'SamplesRecorded' }>['data'];
export type Seen = SamplesRecorded['seen'];
export type Message = SamplesRecorded['messages'][number];
export type Block = SamplesRecorded['blocks'][number];
