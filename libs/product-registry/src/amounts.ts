import type { ElementKind } from './elements.js';

/** As far as an amount is read of an element, as it is given in, kept or shown. */
export interface Amount {
  readonly value?: unknown;
  readonly unit?: unknown;
  readonly state?: unknown;
}

/** How many of a main unit another unit is, as exact decimals (NIST SP 811, appendix B; a `t` is a tonne). */
const factors: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  kWh: { Wh: '0.001', kWh: '1', MWh: '1000', GWh: '1000000', TWh: '1000000000' },
  kW: { W: '0.001', kW: '1', MW: '1000', GW: '1000000', TW: '1000000000' },
  V: { V: '1', kV: '1000', MV: '1000000', GV: '1000000000' },
  A: { A: '1' },
  decimal_percent: { decimal_percent: '1' },
  mm: {
    ...{ mm: '1', cm: '10', dm: '100', m: '1000', km: '1000000' },
    ...{ in: '25.4', ft: '304.8', yd: '914.4', mi: '1609344', nmi: '1852000' },
  },
  kg: {
    ...{ g: '0.001', kg: '1', t: '1000', kt: '1000000', Mt: '1000000000', Gt: '1000000000000' },
    ...{ lb: '0.45359237', oz: '0.028349523125', ozt: '0.0311034768' },
  },
  Cel: { Cel: '1' },
};

/** Kelvin is shifted, not stretched. A degree Fahrenheit is no finite decimal of a degree Celsius. */
const kelvinAtZeroCelsius = '273.15';

/** The unit in which an element stands in a table. */
export const mainUnitOf = ({ units }: Extract<ElementKind, { kind: 'decimal' }>): string => {
  const found = units.find((unit) => Object.hasOwn(factors, unit));
  if (found === undefined) throw new Error(`none of ${units.join(', ')} is a main unit`);
  return found;
};

interface Decimal {
  readonly digits: bigint;
  /** How many of the digits stand behind the point; fewer than none where zeros follow them. */
  readonly places: number;
}

const decimal = /^(-?)(\d{1,40})(?:\.(\d{1,40}))?$/;

const decimalOf = (text: string): Decimal | undefined => {
  const [, sign = '', whole, fraction = ''] = decimal.exec(text) ?? [];
  if (whole === undefined) return undefined;
  return { digits: BigInt(`${sign}${whole}${fraction}`), places: fraction.length };
};

const textOf = ({ digits, places }: Decimal): string => {
  const sign = digits < 0n ? '-' : '';
  const zeros = digits === 0n ? 0 : Math.max(0, -places);
  const all = (digits < 0n ? -digits : digits).toString() + '0'.repeat(zeros);
  const padded = all.padStart(places + 1, '0');
  const point = padded.length - Math.max(0, places);
  return `${sign}${padded.slice(0, point)}${places > 0 ? `.${padded.slice(point)}` : ''}`;
};

const times = (a: Decimal, b: Decimal): Decimal => ({
  digits: a.digits * b.digits,
  places: a.places + b.places,
});

const minus = (a: Decimal, b: Decimal): Decimal => {
  const places = Math.max(a.places, b.places);
  const scaled = (one: Decimal): bigint => one.digits * 10n ** BigInt(places - one.places);
  return { digits: scaled(a) - scaled(b), places };
};

/** A factor of the table: a thousand has no places that a value would take over. */
const factorOf = (text: string): Decimal => {
  const zeros = /^[1-9]\d*?(0+)$/.exec(text)?.[1]?.length ?? 0;
  const found = decimalOf(text.slice(0, text.length - zeros));
  if (!found) throw new Error(`${text} is no decimal`);
  return { digits: found.digits, places: found.places - zeros };
};

/**
 * The element's value in the main unit, exactly: as it was written where that is its unit. Null where
 * there is no value, or its unit is no exact multiple of the main one.
 */
export const inMainUnit = (element: Amount | null | undefined, unit: string): string | null => {
  if (typeof element?.value !== 'string') return null;
  const written = element.unit;
  const value = decimalOf(element.value);
  if (!value || typeof written !== 'string') return null;
  if (written === unit) return element.value;
  if (unit === 'Cel' && written === 'K') {
    return textOf(minus(value, factorOf(kelvinAtZeroCelsius)));
  }
  const ofUnit = factors[unit];
  const factor = ofUnit && Object.hasOwn(ofUnit, written) ? ofUnit[written] : undefined;
  return factor === undefined ? null : textOf(times(value, factorOf(factor)));
};

/** An energy in kWh as a decimal; null where there is none or its unit is no multiple of the watt hour. */
export const inKilowattHours = (element: Amount | null | undefined): string | null =>
  inMainUnit(element, 'kWh');

/** A power in kW as a decimal; null where there is none or its unit is no multiple of the watt. */
export const inKilowatts = (element: Amount | null | undefined): string | null =>
  inMainUnit(element, 'kW');

/** A decimal without the zeros that say nothing of its value. */
export const withoutZeros = (decimal: string): string => {
  const text = decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal;
  return text === '-0' ? '0' : text;
};

/** Whether two amounts are the same, whatever units and however many zeros they are written with. */
export const sameAmount = (a: Amount, b: Amount): boolean => {
  const unit = Object.keys(factors).find((main) => inMainUnit(a, main) !== null);
  const [one, other] = unit === undefined ? [] : [inMainUnit(a, unit), inMainUnit(b, unit)];
  return typeof one === 'string' && typeof other === 'string'
    ? withoutZeros(one) === withoutZeros(other)
    : false;
};
