import { describe, it } from 'vitest';

import { commandMeta, givenFor } from '#testing/decider-spec.js';

import { seriesDecider } from './decider.js';

const given = givenFor(seriesDecider);
const meta = commandMeta();
const kw = { series: 'P', valueType: 'number', unit: 'kW' } as const;
const learnt = { type: 'SeriesLearnt', data: kw } as const;
const kept = (days: number | null) =>
  ({ type: 'SeriesRetentionSet', data: { series: 'P', days } }) as const;
const before = '2026-05-04T00:00:00.000Z';
const expired = { type: 'SamplesExpired', data: { series: 'P', before } } as const;
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
