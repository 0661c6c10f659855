/** What a column of a cycler's file can be. `capacity` is one counter for both directions: the state says of which. */
export const fields = {
  testTime: 'time',
  stepTime: 'time',
  clock: 'clock',
  unixTime: 'time',
  voltage: 'voltage',
  current: 'current',
  cycle: 'count',
  stepId: 'count',
  stepCount: 'count',
  state: 'text',
  charge: 'capacity',
  discharge: 'capacity',
  capacity: 'capacity',
  temperature: 'temperature',
  record: 'text',
} as const;
export type Field = keyof typeof fields;
export type Dimension = (typeof fields)[Field];

/** Factors to s, V, A, Ah and degrees Celsius; how many milliseconds a day of a numbered clock has, and when it began. */
const units: Readonly<Record<Dimension, Readonly<Record<string, number>>>> = {
  time: {
    s: 1,
    sec: 1,
    secs: 1,
    second: 1,
    seconds: 1,
    ms: 0.001,
    min: 60,
    minute: 60,
    minutes: 60,
    h: 3600,
    hr: 3600,
    hour: 3600,
    hours: 3600,
    d: 86_400,
    day: 86_400,
    days: 86_400,
    // Such a cell says its units.
    'h:min:s.ms': 1,
    'h:m:s': 1,
    'hh:mm:ss': 1,
  },
  voltage: { v: 1, volt: 1, volts: 1, mv: 0.001, μv: 1e-6, uv: 1e-6 },
  current: { a: 1, amp: 1, amps: 1, ampere: 1, amperes: 1, ma: 0.001, μa: 1e-6, ua: 1e-6 },
  capacity: { ah: 1, 'amp-hr': 1, 'ampere hour': 1, mah: 0.001, μah: 1e-6, uah: 1e-6 },
  temperature: { c: 1, degc: 1, '°c': 1, celsius: 1, 'degree celsius': 1 },
  count: { '1': 1 },
  clock: { d: 1, 'matlab-days': 1, 'excel-days': 1, 'unix-s': 1 },
  text: {},
};

/** The unit as it is looked up: `mA.h` is `mah`, and a degree sign that was decoded wrongly is one. */
const plainUnit = (unit: string): string => {
  const plain = unit
    .normalize('NFC')
    .replace('µ', 'μ')
    .toLowerCase()
    .replace(/(?<=a)\.(?=h)/, '')
    .trim();
  return /^[^a-z0-9]{1,4}c$/.test(plain) ? '°c' : plain;
};

/** The factor to the field's own unit, or undefined where the field is never in such a unit. */
export const factorOf = (field: Field, unit: string): number | undefined =>
  units[fields[field]][plainUnit(unit)];

/** A title in lower case with single spaces, and the unit that it says, if any. */
export interface Title {
  readonly whole: string;
  readonly name: string;
  readonly unit?: string;
}

/** Longest text that is taken for a title. */
const maxTitle = 300;

/** Reads `Current(mA)`, `Cap. [Ah]`, `Voltage / V`, `I/mA`, `~Time[h]`, `current_A` and `test_time_second`. */
export const titleOf = (cell: string): Title => {
  const tidy = cell
    .slice(0, maxTitle)
    .normalize('NFC')
    .replace(/^[\ufeff~\s]+/, '')
    .replace(/\s+/g, ' ')
    .trim();
  const whole = tidy.toLowerCase().replace(/_+/g, ' ').trim();
  const found =
    /^(.*?) ?[([]([^()[\]]*)[)\]]$/.exec(tidy) ??
    /^(.+?) ?\/ ?([^/]+)$/.exec(tidy) ??
    suffixOf(tidy);
  if (!found) return { whole, name: whole };
  const [, name = '', unit = ''] = found;
  return { whole, name: name.toLowerCase().replace(/_+/g, ' ').trim(), unit: unit.trim() };
};

const suffixOf = (tidy: string): readonly string[] | null => {
  const words = tidy.split('_');
  for (const length of [2, 1]) {
    const unit = words.slice(-length).join(' ');
    const known = Object.values(units).some((of) => plainUnit(unit) in of && unit !== '1');
    if (words.length > length && known) return [tidy, words.slice(0, -length).join(' '), unit];
  }
  return null;
};
