import { expect, it } from 'vitest';

import { areCompatible, conversion, perHourOf } from './units.js';

it.each([
  ['kW', 'W', 1.5, 1_500],
  ['mWh', 'kWh', 8_100_000, 8.1],
  ['kW h', 'MJ', 2, 7.2],
  ['degC', 'K', 21.5, 294.65],
  ['degF', '°C', 212, 100],
  ['%', '1', 50, 0.5],
  ['kvar', 'VAR', 2, 2_000],
  ['ms', 'h', 5_400_000, 1.5],
])('converts %s to %s', (from, to, value, expected) => {
  const { factor, offset } = conversion(from, to);
  expect(value * factor + offset).toBeCloseTo(expected, 9);
});

it('refuses units of other quantities, and what is no unit', () => {
  expect(() => conversion('kW', 'kWh')).toThrow('kW cannot be converted to kWh');
  expect(() => conversion('%', 'kW')).toThrow('% cannot be converted to kW');
  expect(() => conversion('kW', 'parsec(1)')).toThrow('there is no unit parsec(1)');
  expect(areCompatible('kvar', 'kW')).toBe(false);
});

it('names the unit of a value over time', () => {
  expect(['kW', 'A', 'kWp', 'degC'].map(perHourOf)).toEqual(['kWh', 'Ah', 'kWh', 'degC h']);
});
