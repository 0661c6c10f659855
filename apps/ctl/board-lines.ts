import { counted, shown } from './output.js';
import { braillePlot } from './plot.js';

/** A station as `GET /v1/station-board` shows it, as far as it is printed. */
export interface BoardStation {
  readonly id: string;
  readonly name: string;
  readonly status: 'inUse' | 'retired';
  readonly unit: { readonly name: string | null; readonly isOnline: boolean | null };
  readonly experiment: BoardExperiment | null;
  readonly alarms: readonly {
    readonly experimentId: string;
    readonly severity: string;
    readonly message: string;
    readonly isAcknowledged: boolean;
  }[];
  readonly queue: { readonly length: number; readonly next: { readonly name: string } | null };
}

export interface BoardExperiment {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly output: 'on' | 'off';
  readonly message: string | null;
  readonly step: {
    readonly stepCount: number;
    readonly stepId: number;
    readonly cycle: number;
    readonly sentence: string | null;
    readonly elapsedS: number | null;
  } | null;
  readonly latest: BoardRecord | null;
}

export interface BoardRecord {
  readonly at: string;
  readonly testTimeS: number;
  readonly voltageV: number;
  readonly currentA: number;
  readonly powerW: number;
  readonly temperatureC: number | null;
  readonly channels: Readonly<Record<string, number | null>>;
}

const [minuteS, hourS, dayS] = [60, 3_600, 86_400];

/** Such as `00:12:31`, or `3 d 04:05:06`. */
export const duration = (seconds: number): string => {
  const days = Math.floor(seconds / dayS);
  const parts = [(seconds % dayS) / hourS, (seconds % hourS) / minuteS, seconds % minuteS];
  const clock = parts.map((part) => String(Math.floor(part)).padStart(2, '0')).join(':');
  return days === 0 ? clock : `${days} d ${clock}`;
};

/** Without the sign of a zero: `-0.000 A` would read as a discharge. */
const fixed = (value: number | null, digits: number, unit: string): string =>
  value === null ? '-' : `${value.toFixed(digits).replace(/^-(?=[0.]*$)/, '')} ${unit}`;

export const boardColumns = [
  ...['station', 'unit', 'experiment', 'step', 'test time', 'voltage', 'current', 'temperature'],
  ...['alarms', 'waiting'],
];

/** A station as a row of a table. */
export const boardRow = ({ name, unit, experiment, alarms, queue }: BoardStation): string[] => {
  const { latest = null, step = null } = experiment ?? {};
  const online = unit.isOnline === null ? '(never seen)' : unit.isOnline ? '' : '(offline)';
  return [
    name,
    `${unit.name ?? ''} ${online}`.trim(),
    experiment ? `${experiment.name}: ${experiment.status}` : '-',
    step ? `${step.stepCount}. ${step.sentence ?? ''} (cycle ${step.cycle})` : '-',
    latest ? duration(latest.testTimeS) : '-',
    fixed(latest?.voltageV ?? null, 3, 'V'),
    fixed(latest?.currentA ?? null, 3, 'A'),
    fixed(latest?.temperatureC ?? null, 1, '°C'),
    alarms.map(({ severity, message }) => `${severity}: ${message}`).join('\n'),
    queue.next ? `${queue.length}, ${queue.next.name} next` : String(queue.length),
  ].map(shown);
};

/** A station as one line, for who reads the output as it comes. */
export const boardLine = (station: BoardStation): string =>
  boardRow(station)
    .map((cell) => cell.replaceAll('\n', '; '))
    .filter((cell) => cell !== '')
    .join('  ');

/** What is plotted of a record. */
export type PlottedRecord = Pick<BoardRecord, 'testTimeS' | 'voltageV' | 'currentA'>;

/** A whole cycle as `GET /v1/experiments/{id}/cycles` shows it. */
export interface WatchedCycle {
  readonly cycle: number;
  readonly chargeAh: number;
  readonly dischargeAh: number;
}

export interface Watching {
  readonly station: BoardStation;
  readonly experiment: BoardExperiment;
  /** In the order of the test time. */
  readonly records: readonly PlottedRecord[];
  /** The one before that which goes on. */
  readonly lastCycle?: WatchedCycle | undefined;
  readonly width: number;
}

const plotHeight = 5;
/** Of the labels beside a plot. */
const margin = 8;
const mostChannels = 24;

/** A running experiment as lines for a terminal. */
export const experimentLines = (watching: Watching): string[] => {
  const { station, experiment, width, records, lastCycle } = watching;
  const { name, status, output, message, step, latest } = experiment;
  const { unit, queue } = station;
  return [
    `${name}  ${status}, output ${output}  (${station.name}${unit.isOnline === false ? ', unit offline' : ''})`,
    step
      ? `Step ${step.stepCount} (${step.stepId} of the program), cycle ${step.cycle}: ${step.sentence ?? ''}`
      : 'No step has begun.',
    timesOf(experiment),
    ...(message === null ? [] : [message]),
    '',
    ...(latest ? valuesOf(latest) : ['No records have come.']),
    ...(lastCycle ? [cycleOf(lastCycle)] : []),
    ...(records.length > 1 ? plots(records, width) : []),
    ...alarmsOf(station),
    ...(queue.next
      ? [`${counted(queue.length, 'experiment')} waiting, ${queue.next.name} next`]
      : []),
  ].map(shown);
};

const timesOf = ({ step, latest }: BoardExperiment): string => {
  const elapsedS = step?.elapsedS ?? null;
  const inStep = elapsedS === null ? '' : `${duration(elapsedS)} in the step, `;
  return latest ? `${inStep}${duration(latest.testTimeS)} in the test, ${latest.at}` : '';
};

const valuesOf = ({ voltageV, currentA, powerW, temperatureC, channels }: BoardRecord) => {
  const values = [
    fixed(voltageV, 4, 'V'),
    fixed(currentA, 4, 'A'),
    fixed(powerW, 3, 'W'),
    ...(temperatureC === null ? [] : [fixed(temperatureC, 1, '°C')]),
  ];
  const named = Object.entries(channels).slice(0, mostChannels);
  const more = named.map(([channel, value]) => `${channel} ${value ?? '-'}`);
  return [values.join('   '), ...(more.length === 0 ? [] : [more.join('  ')])];
};

const cycleOf = ({ cycle, chargeAh, dischargeAh }: WatchedCycle): string =>
  `Cycle ${cycle}: ${fixed(chargeAh, 4, 'Ah')} charged, ${fixed(dischargeAh, 4, 'Ah')} discharged`;

/** One value for each part of the time, the last of it; null where no record came. */
const overTime = (
  records: readonly PlottedRecord[],
  parts: number,
  valueOf: (record: PlottedRecord) => number,
): (number | null)[] => {
  const fromS = records[0]?.testTimeS ?? 0;
  const spanS = Math.max(1e-9, (records.at(-1)?.testTimeS ?? 0) - fromS);
  const values = new Array<number | null>(parts).fill(null);
  for (const record of records) {
    const part = Math.floor(((record.testTimeS - fromS) / spanS) * parts);
    values[Math.min(part, parts - 1)] = valueOf(record);
  }
  // Between two records the line goes on, whatever there is in between.
  return values.map(
    (value, at) => value ?? values.slice(0, at).findLast((one) => one !== null) ?? null,
  );
};

const plots = (records: readonly PlottedRecord[], width: number): string[] => {
  const spanS = (records.at(-1)?.testTimeS ?? 0) - (records[0]?.testTimeS ?? 0);
  const size = { width: Math.max(10, width - margin), height: plotHeight, isFitted: true };
  const plot = (what: string, valueOf: (record: PlottedRecord) => number): string[] => [
    `${what}, the last ${duration(spanS)} of the test`,
    ...braillePlot(overTime(records, 2 * size.width, valueOf), size),
  ];
  return [
    ...plot('Voltage in V', ({ voltageV }) => voltageV),
    ...plot('Current in A', ({ currentA }) => currentA),
  ];
};

const alarmsOf = ({ alarms }: BoardStation): string[] =>
  alarms.map(
    ({ severity, message, isAcknowledged }) =>
      `! ${severity}: ${message}${isAcknowledged ? ' (acknowledged)' : ''}`,
  );
