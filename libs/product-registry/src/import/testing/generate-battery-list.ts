/** What a generated list is made from. The same options give the same text. */
export interface BatteryListOptions {
  readonly rows: number;
  readonly seed: number;
  /** Rows per maker on average; 75 unless given. */
  readonly rowsPerMaker?: number;
}

const header = [
  'Manufacturer Name',
  'Brand1',
  'Model Number',
  'Technology',
  'Description',
  'UL 1973 Certification Certifying Entity',
  'UL 1973 Certification Certificate Date',
  'UL 1973 Certification Edition of UL 1973',
  'Nameplate Energy Capacity (kWh)',
  'Maximum Continuous Discharge Rate2 (kW)',
  'Manufacturer Declared Roundtrip Efficiency (%, Ac-AC)1',
  'Certified JA12 Control  Strategies1',
  'Declaration for JA12 Submitted1',
  'Notes',
  'CEC Listing Date',
  'Last Update',
];

/**
 * A list in the CEC's sixteen columns with invented makers and models, sorted by maker as the real
 * one is, with its dirty cases in about its proportions. Yields one line (with CRLF) at a time.
 */
export function* generateBatteryList(options: BatteryListOptions): Generator<string> {
  const random = seeded(options.seed);
  const { rowsPerMaker = 75 } = options;
  yield `\ufeff${header.join(';')}\r\n`;
  let maker = '';
  let left = 0;
  for (let row = 1, makers = 0; row <= options.rows; row += 1) {
    if (left === 0) {
      makers += 1;
      maker = makerName(makers, random);
      left = 1 + Math.floor(random() * 2 * rowsPerMaker);
    }
    left -= 1;
    yield `${batteryRow(row, maker, random).map(quoted).join(';')}\r\n`;
  }
}

type Random = () => number;

/** Numbers from 0 to 1 (excluded) that depend on the seed alone (a 32-bit mixing generator). */
const seeded = (seed: number): Random => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

const pick = <T>(items: readonly [T, ...T[]], random: Random): T =>
  items[Math.floor(random() * items.length)] ?? items[0];

const firsts = [
  'Aurora',
  'Borealis',
  'Cobalt',
  'Delta',
  'Ember',
  'Fjord',
  'Granite',
  'Halcyon',
] as const;
const seconds = ['Cells', 'Energy', 'Power', 'Storage', 'Volt', 'Systems'] as const;
const forms = ['Inc.', 'Co., Ltd.', 'GmbH', 'LLC', 'Corporation'] as const;

const makerName = (number: number, random: Random): string =>
  `${pick(firsts, random)} ${pick(seconds, random)} ${String(number)} ${pick(forms, random)}`;

const chemistries = [
  'Lithium Iron Phosphate',
  'Lithium Iron Phosphate',
  'Lithium Iron Phosphate',
  'Lithium Ion',
  'Lithium Ion Phosphate',
  'Lead Acid',
] as const;
const agencies = ['CSA Group', 'CSA', 'TUV Rheinland', 'Intertek', 'SGS', 'UL'] as const;
const editions = ['Ed. 2 : 2018', 'Ed. 3 : 2022', 'Ed 3: 2022'] as const;

const batteryRow = (row: number, maker: string, random: Random): readonly string[] => {
  const energy = (1 + random() * 120).toFixed(2);
  const power = (1 + random() * 60).toFixed(1);
  const model = `${pick(['LFP', 'BX', 'PowerStack'] as const, random)}-${energy}/${String(row)}`;
  const chemistry = pick(chemistries, random);
  const isJa12 = random() < 0.02;
  return [
    random() < 0.003 ? `${maker}\u00a0` : maker,
    random() < 0.02 ? 'HomeBrand' : '',
    random() < 0.01 ? `${model}\n` : model,
    chemistry,
    `${power} kW, ${energy} kWh ${chemistry.toLowerCase()} battery`,
    pick(agencies, random),
    dotted(random),
    pick(editions, random),
    energy,
    random() < 0.02 ? '' : power,
    isJa12 ? `${String(80 + Math.floor(random() * 19))} [Inverter ${String(row)}]` : notSubmitted,
    isJa12 ? `Inverter ${String(row)} - Basic, TOU` : notSubmitted,
    isJa12 ? 'Y (2022)' : 'N',
    random() < 0.01 ? '\u00a0' : '',
    dotted(random),
    random() < 0.06 ? dotted(random) : '',
  ];
};

const notSubmitted = 'No Information Submitted';

const dotted = (random: Random): string => {
  const two = (below: number) => String(1 + Math.floor(random() * below)).padStart(2, '0');
  return `${two(28)}.${two(12)}.${String(2018 + Math.floor(random() * 8))}`;
};

const quoted = (cell: string): string =>
  /[";\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
