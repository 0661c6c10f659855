/** How sentences write the quantities of a program. */
export type UnitQuantity =
  | 'timeS'
  | 'voltageV'
  | 'currentA'
  | 'powerW'
  | 'resistanceOhm'
  | 'capacityAh'
  | 'energyWh'
  | 'temperatureC'
  | 'cRate';

interface Unit {
  readonly quantity: UnitQuantity;
  /** Seconds, or the power of ten. */
  readonly factor: number;
  readonly power: number;
}

const scaled = (
  quantity: UnitQuantity,
  names: Readonly<Record<string, number>>,
): readonly (readonly [string, Unit])[] =>
  Object.entries(names).map(([name, power]) => [name, { quantity, factor: 1, power }]);
const times = (names: Readonly<Record<string, number>>) =>
  Object.entries(names).map(
    ([name, factor]) => [name, { quantity: 'timeS', factor, power: 0 }] as const,
  );

const units: ReadonlyMap<string, Unit> = new Map([
  ...times({ s: 1, second: 1, seconds: 1, min: 60, minute: 60, minutes: 60 }),
  ...times({ h: 3_600, hour: 3_600, hours: 3_600, d: 86_400, day: 86_400, days: 86_400 }),
  ...times({ week: 604_800, weeks: 604_800 }),
  ...scaled('voltageV', { V: 0, mV: -3 }),
  ...scaled('currentA', { A: 0, mA: -3, kA: 3 }),
  ...scaled('powerW', { W: 0, mW: -3, kW: 3 }),
  ...scaled('resistanceOhm', { ohm: 0, mohm: -3, kohm: 3, Ω: 0 }),
  ...scaled('capacityAh', { Ah: 0, mAh: -3 }),
  ...scaled('energyWh', { Wh: 0, mWh: -3, kWh: 3 }),
  ...scaled('temperatureC', { oC: 0, degC: 0, '°C': 0 }),
  ...scaled('cRate', { C: 0 }),
]);

/** Units of a quantity, for a message. */
export const unitsOf = (quantities: readonly UnitQuantity[]): string =>
  [...units]
    .flatMap(([name, { quantity }]) => (quantities.includes(quantity) ? name : []))
    .join(', ');

export const unitOf = (name: string): Unit | undefined => units.get(name);

/** The number that a text stands for in a unit; a power of ten moves the point of the text, which rounds once. */
export const inUnit = (text: string, { factor, power }: Unit): number => {
  const [digits = '', exponent = '0'] = text.toLowerCase().split('e');
  return Number(`${digits}e${String(Number(exponent) + power)}`) * factor;
};

/** Units to write a value in, the best one first; the last one always serves. */
const written: Readonly<Record<UnitQuantity, readonly string[]>> = {
  timeS: ['d', 'h', 'min', 's'],
  voltageV: ['mV', 'V'],
  currentA: ['mA', 'A'],
  powerW: ['mW', 'W'],
  resistanceOhm: ['mohm', 'ohm'],
  capacityAh: ['mAh', 'Ah'],
  energyWh: ['mWh', 'Wh'],
  temperatureC: ['oC'],
  cRate: ['C'],
};

/** Text of a value with its unit, which is read as the same value: `30 min`, `50 mA`, `4.2 V`, `C/10`. */
export const writtenIn = (quantity: UnitQuantity, value: number): string => {
  const part = Math.round(1 / value);
  if (quantity === 'cRate' && part > 1 && 1 / part === value) return `C/${String(part)}`;
  const texts = written[quantity].flatMap((name) => {
    const unit = units.get(name);
    if (!unit) return [];
    const { factor, power } = unit;
    const amount = power < 0 ? inUnit(String(value), { ...unit, power: -power }) : value / factor;
    const isPlain =
      power < 0
        ? amount > 0 && amount < 1_000 && value < 0.1
        : factor === 1 || Number.isInteger(amount);
    return isPlain && inUnit(String(amount), unit) === value ? `${String(amount)} ${name}` : [];
  });
  return texts[0] ?? `${String(value)} ${written[quantity].at(-1) ?? ''}`;
};
