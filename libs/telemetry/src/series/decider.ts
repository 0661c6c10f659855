import type { CommandOf } from '#kernel/command.js';
import type { Decider } from '#kernel/decider.js';
import { Refusal } from '#kernel/refusal.js';

import {
  seriesCategory,
  type SeriesDeclaration,
  type SeriesEvent,
  seriesEvents,
  type ValueType,
} from './events.js';
import { requireSeriesName } from './series-name.js';

/** Of one device: what a single message or a mistake in a device must not exceed. */
export const maxSeries = 1_000;

export interface Learnt {
  readonly series: string;
  readonly valueType: ValueType;
  readonly unit: string | null;
}

export type SeriesCommand = CommandOf<{
  /** What the first values of series showed that nobody had declared. */
  LearnSeries: { readonly learnt: readonly Learnt[] };
  DeclareSeries: { readonly series: string } & SeriesDeclaration;
  SetRetention: { readonly series: string; readonly days: number | null };
  /** `keptDays`: by whoever carries out that retention each day; absent: by a person. */
  ExpireSamples: { readonly series: string; readonly before: string; readonly keptDays?: number };
}>;

export interface KnownSeries {
  readonly valueType: ValueType;
  readonly unit: string | null;
  /** Absent: nobody declared it, so that the defaults hold. */
  readonly declared?: SeriesDeclaration;
  readonly retentionDays: number | null;
  /** Single samples before it, a whole minute, were dropped. */
  readonly expiredBefore?: string;
}

/** By name. */
export type SeriesState = ReadonlyMap<string, KnownSeries>;

const learn = (learnt: readonly Learnt[], state: SeriesState): readonly SeriesEvent[] => {
  const news = new Map<string, Learnt>();
  for (const { series, valueType, unit } of learnt) {
    // Of two that say something else of one series the first counts.
    const before = news.get(series) ?? state.get(series);
    if (before && (before.unit !== null || unit === null)) continue;
    news.set(series, { series, valueType: before?.valueType ?? valueType, unit });
  }
  const fresh = [...news.keys()].filter((series) => !state.has(series));
  if (state.size + fresh.length > maxSeries) throw tooMany();
  return [...news.values()].map((data) => ({ type: 'SeriesLearnt', data }));
};

const declare = (
  data: { readonly series: string } & SeriesDeclaration,
  state: SeriesState,
): readonly SeriesEvent[] => {
  const known = state.get(data.series);
  if (!known) requireSeriesName(data.series, '/series');
  requireMeaning(data);
  if (!known && state.size >= maxSeries) throw tooMany();
  if (known && !mayHold(known, data.valueType)) throw fixed('valueType', known.valueType);
  if (known && known.unit !== null && known.unit !== data.unit) throw fixed('unit', known.unit);
  const { series, ...declaration } = data;
  if (known?.declared && same(known.declared, declaration)) return [];
  return [{ type: 'SeriesDeclared', data: { series, ...declaration } }];
};

/**
 * Who declares a series knows better than its first value. Texts stay texts and are no numbers; numbers, which are
 * neither true nor false, can be shown among texts.
 */
const mayHold = ({ valueType, declared }: KnownSeries, wanted: ValueType): boolean =>
  wanted === valueType || (!declared && !(valueType === 'number' && wanted === 'boolean'));

/** No sample could be plausible, or a total never start again. */
const requireMeaning = ({ low, high, rollOver }: SeriesDeclaration): void => {
  const errors = [
    ...(low !== null && high !== null && low > high
      ? [{ pointer: '/high', reason: `expected ${String(low)}, the lowest value, or more` }]
      : []),
    ...(rollOver !== null && rollOver <= 0
      ? [{ pointer: '/rollOver', reason: 'expected more than 0' }]
      : []),
  ];
  if (errors.length === 0) return;
  throw new Refusal(
    'DECLARATION_INVALID',
    'unprocessable',
    'no series can be as it is declared here',
    { errors },
  );
};

const same = (one: SeriesDeclaration, other: SeriesDeclaration): boolean =>
  (Object.keys(other) as (keyof SeriesDeclaration)[]).every((key) => one[key] === other[key]);

const tooMany = () =>
  new Refusal(
    'TOO_MANY_SERIES',
    'unprocessable',
    `a device has at most ${String(maxSeries)} series; declare none for what is not measured`,
  );

const fixed = (field: string, now: string) =>
  new Refusal(
    'SERIES_HAS_VALUES',
    'conflict',
    `the values that are recorded have the ${field} ${now}; another one would change what they say`,
    { errors: [{ pointer: `/${field}`, reason: `expected ${now}` }] },
  );

const minuteMs = 60_000;

/** What is dropped is dropped by whole minutes. */
const wholeMinute = (before: string): string =>
  new Date(Math.floor(Date.parse(before) / minuteMs) * minuteMs).toISOString();

/** Also of a series that was declared: its unit, which nobody had said. */
const withLearnt = (known: KnownSeries | undefined, { valueType, unit }: Learnt): KnownSeries => {
  const { declared } = known ?? {};
  return {
    ...{ valueType, retentionDays: null, ...known, unit },
    ...(declared && { declared: { ...declared, unit } }),
  };
};

export const unknownSeries = () =>
  new Refusal('SERIES_UNKNOWN', 'not-found', 'the device has no such series');

export const seriesDecider: Decider<SeriesState, SeriesCommand, SeriesEvent> = {
  category: seriesCategory,
  events: seriesEvents,
  initialState: new Map(),
  decide(command, state) {
    switch (command.type) {
      case 'LearnSeries':
        return learn(command.data.learnt, state);
      case 'DeclareSeries':
        return declare(command.data, state);
      case 'SetRetention': {
        const known = state.get(command.data.series);
        if (!known) throw unknownSeries();
        if (known.retentionDays === command.data.days) return [];
        return [{ type: 'SeriesRetentionSet', data: command.data }];
      }
      case 'ExpireSamples': {
        const known = state.get(command.data.series);
        if (!known) throw unknownSeries();
        const { series, before, keptDays } = command.data;
        // Somebody has set another retention meanwhile.
        if (keptDays !== undefined && keptDays !== known.retentionDays) return [];
        const isDone = (known.expiredBefore ?? '') >= wholeMinute(before);
        return isDone ? [] : [{ type: 'SamplesExpired', data: { series, before } }];
      }
    }
  },
  evolve(state, { type, data }) {
    const known = state.get(data.series);
    const retentionDays = known?.retentionDays ?? null;
    switch (type) {
      case 'SeriesLearnt':
        return new Map(state).set(data.series, withLearnt(known, data));
      case 'SeriesDeclared': {
        const { series, ...declared } = data;
        const { valueType, unit } = declared;
        return new Map(state).set(series, { ...known, valueType, unit, declared, retentionDays });
      }
      case 'SeriesRetentionSet':
        return known
          ? new Map(state).set(data.series, { ...known, retentionDays: data.days })
          : state;
      case 'SamplesExpired':
        return known
          ? new Map(state).set(data.series, { ...known, expiredBefore: wholeMinute(data.before) })
          : state;
    }
  },
};
