import { describe, it } from 'vitest';

import { commandMeta, givenFor } from '#testing/decider-spec.js';

import { seriesDecider } from './decider.js';
import type { SeriesDeclaration } from './events.js';

const given = givenFor(seriesDecider);
const meta = commandMeta();
const kw = { series: 'P', valueType: 'number', unit: 'kW' } as const;
const learnt = { type: 'SeriesLearnt', data: kw } as const;
const kept = (days: number | null) =>
  ({ type: 'SeriesRetentionSet', data: { series: 'P', days } }) as const;
const before = '2026-05-04T00:00:00.000Z';
const expired = { type: 'SamplesExpired', data: { series: 'P', before } } as const;
const declared = (more: Partial<SeriesDeclaration> & { readonly series?: string }) => ({
  ...({ series: 'P', valueType: 'number', unit: 'kW', kind: 'gauge' } as const),
  ...({ interpolation: 'hold', intervalMs: null, rollOver: null, low: null, high: null } as const),
  ...more,
});
const declaration = (more: Partial<SeriesDeclaration>) =>
  ({ type: 'SeriesDeclared', data: declared(more) }) as const;
const declare = (more: Parameters<typeof declared>[0]) =>
  ({ type: 'DeclareSeries', data: declared(more), meta }) as const;
const expire = (keptDays?: number) => {
  const data = { series: 'P', before, ...(keptDays !== undefined && { keptDays }) };
  return { type: 'ExpireSamples', data, meta } as const;
};

describe('the series of a device', () => {
  it('are learnt once each, by what was said first', () => {
    const other = { ...kw, unit: 'W' };
    const learn = { type: 'LearnSeries', data: { learnt: [kw, other] }, meta } as const;
    given().when(learn).then(learnt);
    given(learnt).when(learn).thenNothing();
  });

  it('get their unit from whoever names it first, whatever was declared of them', () => {
    const learn = (...units: (string | null)[]) => {
      const all = units.map((unit) => ({ ...kw, unit }));
      return { type: 'LearnSeries', data: { learnt: all }, meta } as const;
    };
    const without = { type: 'SeriesLearnt', data: { ...kw, unit: null } } as const;
    given()
      .when(learn(null, 'kW', 'W'))
      .then(learnt);
    given(without)
      .when(learn(null, 'kW', 'W'))
      .then(learnt);
    given(without, learnt).when(learn('W', null)).thenNothing();
    const undeclared = declaration({ unit: null });
    given(undeclared, kept(3), expired).when(learn('kW')).then(learnt);
    given(undeclared, kept(3), expired, learnt).when(declare({})).thenNothing();
    given(undeclared, kept(3), expired, learnt).when(expire(3)).thenNothing();
    given(without, learnt)
      .when(declare({ unit: 'W' }))
      .thenRefused('SERIES_HAS_VALUES');
  });

  it('are declared by a person, who knows better than their first value', () => {
    const of = (valueType: 'number' | 'boolean' | 'text') =>
      ({ type: 'SeriesLearnt', data: { ...kw, valueType } }) as const;
    given(of('text')).when(declare({})).then(declaration({}));
    given(of('boolean')).when(declare({})).then(declaration({}));
    given(of('number'))
      .when(declare({ valueType: 'text' }))
      .then(declaration({ valueType: 'text' }));
    given(of('number'))
      .when(declare({ valueType: 'boolean' }))
      .thenRefused('SERIES_HAS_VALUES');
    given(declaration({}))
      .when(declare({ valueType: 'text' }))
      .thenRefused('SERIES_HAS_VALUES');
    given()
      .when(declare({ series: 'a,b' }))
      .thenRefused('SERIES_NAME_INVALID');
  });

  it('are not declared as nothing can be', () => {
    given()
      .when(declare({ low: 3, high: 2 }))
      .thenRefused('DECLARATION_INVALID');
    given()
      .when(declare({ rollOver: 0 }))
      .thenRefused('DECLARATION_INVALID');
    const right = { low: 2, high: 2, rollOver: 1 };
    given().when(declare(right)).then(declaration(right));
  });

  it('lose samples when a person says so, whatever their retention', () => {
    given(learnt).when(expire()).then(expired);
    given(learnt, kept(400)).when(expire()).then(expired);
    given(learnt, expired).when(expire()).thenNothing();
    // Whole minutes are dropped.
    const within = { ...expired, data: { series: 'P', before: '2026-05-04T00:00:59.000Z' } };
    given(learnt, within).when(expire()).thenNothing();
    given().when(expire()).thenRefused('SERIES_UNKNOWN');
  });

  it('lose them by a retention only while it is the one that holds', () => {
    given(learnt, kept(3)).when(expire(3)).then(expired);
    given(learnt, kept(3), kept(null)).when(expire(3)).thenNothing();
    given(learnt, kept(3), kept(5)).when(expire(3)).thenNothing();
    given(learnt).when(expire(3)).thenNothing();
  });
});
