import { describe, it } from 'vitest';

import { commandMeta, givenFor } from '#testing/decider-spec.js';

import { formulaDecider } from './decider.js';

const given = givenFor(formulaDecider);
const meta = commandMeta();
const first = { expression: 'pos(egauge.A.Solar)', unit: 'kW', description: 'Panels' };
const place = { siteId: '0a5f0f59-6a51-5f50-8a6e-9a0f6f3f7b11', name: 'solar' };
const defined = { type: 'FormulaDefined', data: { ...place, version: 1, ...first } } as const;
const withdrawn = { type: 'FormulaWithdrawn', data: {} } as const;
const define = (definition: typeof first) =>
  ({ type: 'DefineFormula', data: { ...place, ...definition }, meta }) as const;
const withdraw = { type: 'WithdrawFormula', data: {}, meta } as const;

describe('a formula', () => {
  it('is defined once for each definition, and each other one is a version', () => {
    const other = { ...first, expression: 'pos(egauge.A.Solar) * 0.98' };
    const revised = { type: 'FormulaRevised', data: { version: 2, ...other } } as const;
    given().when(define(first)).then(defined);
    given(defined).when(define(first)).thenNothing();
    given(defined).when(define(other)).then(revised);
    given(defined, revised).when(define(other)).thenNothing();
    // The same name, of another device.
    const moved = { ...first, devices: { egauge: '8a5f0f59-6a51-4f50-8a6e-9a0f6f3f7b22' } };
    const renewed = { type: 'FormulaRevised', data: { version: 2, ...moved } } as const;
    given(defined).when(define(moved)).then(renewed);
    given(defined, renewed).when(define(moved)).thenNothing();
  });

  it('is withdrawn once, and taken into use again by a definition', () => {
    const again = { type: 'FormulaRevised', data: { version: 2, ...first } } as const;
    given().when(withdraw).thenRefused('FORMULA_UNKNOWN');
    given(defined).when(withdraw).then(withdrawn);
    given(defined, withdrawn).when(withdraw).thenNothing();
    given(defined, withdrawn).when(define(first)).then(again);
  });
});
