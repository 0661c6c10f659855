import { describe, expect, it } from 'vitest';

import type { Refusal } from '#kernel/refusal.js';

import { quantityIn, quantityOf, requireUnit } from './formula-units.js';
import { readFormula } from './read-formula.js';

const units: Readonly<Record<string, string | null>> = {
  'm.kW': 'kW',
  'm.W': 'W',
  'm.kWh': 'kWh',
  'm.V': 'V',
  'm.A': 'A',
  'm.share': '%',
  'm.degC': 'degC',
  'm.K': 'K',
  'm.unknown': null,
  'm.odd': 'widgets',
};
const quantity = (text: string) =>
  quantityOf(readFormula(text).expression, (name) => quantityIn(units[name] ?? null));

const refused = (work: () => unknown): string | undefined => {
  try {
    work();
  } catch (error) {
    return (error as Refusal).details.errors?.[0]?.reason;
  }
  return undefined;
};

describe('the units of a formula', () => {
  it.each([
    ['-m.kW', 'kW'],
    ['pos(m.kW) + 2', 'kW'],
    ['m.kW > 1 ? m.kW : 0', 'kW'],
    ['avg(m.kW, 60000)', 'kW'],
    ['integral(m.kW, 3600000)', 'kWh'],
    ['delta(m.kWh, 3600000) + integral(m.kW, 3600000)', 'kWh'],
    ['m.W / 1000', undefined],
    ['m.kW + m.unknown', undefined],
  ])('of %s: %s', (text, unit) => {
    expect(quantity(text).unit).toBe(unit);
  });

  it.each([
    ['m.kW + m.kWh', 'kW and kWh'],
    ['m.kW - m.W', 'kW and W'],
    ['m.kW > m.share', 'kW and %'],
    ['m.share > 50 ? m.kW : m.kWh', 'kW and kWh'],
    ['m.degC - m.K', 'degC and K'],
    ['m.W / 1000 + m.kWh', 'different quantities'],
    ['integral(m.kW, 60000) + m.kW', 'kWh and kW'],
    ['sin(m.kW)', 'sin of a value with a unit'],
  ])('are not mixed as in %s', (text, what) => {
    expect(refused(() => quantity(text))).toContain(`and not ${what}`);
  });

  it.each([
    ['m.W / 1000', 'kW', undefined],
    ['m.V * m.A', 'W', undefined],
    ['m.V * m.A', 'V', 'expected a unit of its quantity'],
    ['m.W', 'kW', 'expected W'],
    ['m.W', 'A', 'expected W'],
    ['m.kWh / m.kW', 'h', undefined],
    ['m.V ^ 2', 'W', 'expected a unit of its quantity'],
    ['m.odd + m.unknown', 'kW', undefined],
    ['3', 'kW', undefined],
  ])('of %s are said to be %s: %s', (text, unit, reason) => {
    expect(refused(() => requireUnit(quantity(text), unit))).toBe(reason);
  });
});
