import { Type } from 'typebox';

import { type EventOf, eventTypes } from '#kernel/event-types.js';
import { choice, closed, instant, name, orNull, text } from '#kernel/schema.js';

// The names below are the storage format, and public: the AsyncAPI document is made of them.

/** What is known of the series of one device, in a stream that is named by the device. */
export const seriesCategory = 'series';
export const seriesStream = (deviceId: string): string => `${seriesCategory}-${deviceId}`;

export const valueTypes = ['number', 'boolean', 'text'] as const;
export type ValueType = (typeof valueTypes)[number];

/** What the values of a numeric series are; a boolean one is a `state`, a text one `text`. */
export const seriesKinds = ['gauge', 'total', 'net', 'state', 'text'] as const;
export type SeriesKind = (typeof seriesKinds)[number];

/** How a series goes between two samples. */
export const interpolations = ['hold', 'linear'] as const;
export type Interpolation = (typeof interpolations)[number];

const series = name('Dotted name of what is measured, unique within the device.');
const valueType = choice(valueTypes, 'What its values are.');
const unit = orNull(text('Unit of its values, such as `kW`; null where nobody said.'));
const number = (description: string) => orNull(Type.Number({ description }));

const rules = {
  kind: choice(
    seriesKinds,
    'gauge: a quantity of the moment; total: a counter that only grows; net: a counter that may fall; state; text.',
  ),
  interpolation: choice(interpolations, 'How it goes between two samples.'),
  intervalMs: orNull(
    Type.Integer({
      minimum: 1,
      description: 'Expected time between two samples, in milliseconds.',
    }),
  ),
  rollOver: number('The value at which a total starts again at zero.'),
  low: number('Lowest plausible value.'),
  high: number('Highest plausible value.'),
};

export const seriesEvents = eventTypes({
  SeriesLearnt: {
    about:
      'A device sent a series that nobody had declared, or first named the unit of one that had none: what that showed.',
    data: closed({ series, valueType, unit }),
    example: { series: 'A.Solar', valueType: 'number', unit: 'kW' },
  },
  SeriesDeclared: {
    about: 'What the values of a series stand for. Past samples are read by it too.',
    data: closed({ series, valueType, unit, ...rules }),
    example: {
      ...{ series: 'A.Solar', valueType: 'number', unit: 'kW', kind: 'gauge' },
      ...{ interpolation: 'hold', intervalMs: 4000, rollOver: null, low: 0, high: 40 },
    },
  },
  SeriesRetentionSet: {
    about: 'From now on single samples are kept for so many days; roll-ups stay for ever.',
    data: closed({
      series,
      days: orNull(Type.Integer({ minimum: 1, description: 'Null: for ever.' })),
    }),
    example: { series: 'A.Solar', days: 400 },
  },
  SamplesExpired: {
    about:
      'Single samples of a series are kept no longer; roll-ups stay. What comes later for that time counts no more.',
    data: closed({ series, before: instant('Those that were taken before it, by whole minutes.') }),
    example: { series: 'A.Solar', before: '2025-05-04T00:00:00.000Z' },
  },
});

export type SeriesEvent = EventOf<typeof seriesEvents>;
export type SeriesDeclaration = Omit<
  Extract<SeriesEvent, { type: 'SeriesDeclared' }>['data'],
  'series'
>;
