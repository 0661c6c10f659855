import { millis } from '#battery-lab/samples/records-of.js';
import type { CyclerSamplesMessage } from '#cycling/protocol/messages.js';
import { flowBetween } from '#cycling/statistics/flow.js';
import type { Witness } from '#test/lab/lab-system.js';

import type { LoggedEvent } from '../checks.js';
import { type ExperimentLog, numberOf, textOf } from './experiment-log.js';
import { longestIntervalS } from './programs.js';

const maxFaults = 5;
/** Of what flowed: the noise of the sensors, and the second between two readings in which a converter fails. */
const tolerance = { part: 0.001, ah: 3e-3 };

type Columns = Pick<CyclerSamplesMessage, 'testTimeS' | 'stepCount' | 'voltageV' | 'currentA'>;

/** What flowed in each direction. */
export interface Charge {
  readonly chargeAh: number;
  readonly dischargeAh: number;
}

/** Whether one is not what it must be. */
export const differs = (found: Charge, wanted: Charge): boolean =>
  (['chargeAh', 'dischargeAh'] as const).some(
    (name) => Math.abs(found[name] - wanted[name]) > tolerance.ah + tolerance.part * wanted[name],
  );

export interface Point {
  readonly testTimeS: number;
  readonly stepCount: number;
  readonly voltageV: number;
  readonly currentA: number;
}

const pointsOf = (columns: Columns): readonly Point[] =>
  columns.testTimeS.map((testTimeS, row) => ({
    testTimeS,
    stepCount: columns.stepCount[row] ?? NaN,
    voltageV: columns.voltageV[row] ?? NaN,
    currentA: columns.currentA[row] ?? NaN,
  }));

const keyOf = ({ testTimeS, stepCount, voltageV, currentA }: Point): string =>
  [testTimeS, stepCount, voltageV, currentA].join(' ');

/** The records that the log holds of an experiment, each once, in the order of the test time. */
export const loggedPoints = (log: readonly LoggedEvent[], id: string): readonly Point[] => {
  const points = new Map<string, Point>();
  for (const event of log) {
    if (event.type !== 'CyclerSamplesRecorded' || textOf(event, 'experimentId') !== id) continue;
    for (const point of pointsOf(event.data as unknown as Columns)) points.set(keyOf(point), point);
  }
  return [...points.values()].sort((a, b) => a.testTimeS - b.testTimeS);
};

/** What the unit recorded and the log has not, or the log alone has; nothing lies behind the end. */
export const recordFaults = (
  { id, events }: ExperimentLog,
  points: readonly Point[],
  sent: readonly CyclerSamplesMessage[],
): readonly string[] => {
  const own = sent.filter(({ experiment }) => experiment === id).flatMap(pointsOf);
  const wanted = new Map(own.map((point) => [keyOf(point), point]));
  const found = new Set(points.map(keyOf));
  const missing = [...wanted].filter(([key]) => !found.has(key));
  const more = [...found].filter((key) => !wanted.has(key));
  const endS = endOf(events);
  const late = points.filter(({ testTimeS }) => millis(testTimeS) > millis(endS));
  const isStarted = events.some(
    (event) => event.type === 'InstructionIssued' && event.data['kind'] === 'start',
  );
  return [
    ...list(
      `${id}: not in the log`,
      missing.map(([key]) => key),
    ),
    ...list(`${id}: never recorded`, more),
    ...list(`${id}: after its end at ${String(endS)} s`, late.map(keyOf)),
    ...(points.length > 0 && !isStarted ? [`${id}: records without a start`] : []),
  ];
};

/** Seconds since the start when the output was off for good; infinite where the unit has not said so. */
const endOf = (events: readonly LoggedEvent[]): number => {
  const last = events.findLast(
    ({ type, data }) =>
      type === 'ExperimentCompleted' ||
      (type === 'OutputOffConfirmed' && data['testTimeS'] !== null),
  );
  return last ? numberOf(last, 'testTimeS') : Infinity;
};

const list = (what: string, keys: readonly string[]): readonly string[] =>
  keys.length === 0
    ? []
    : [`${what}: ${String(keys.length)}, as ${keys.slice(0, maxFaults).join('; ')}`];

/** Whether steps, records and the coulomb counter of the simulation say the same. */
export const chargeFaults = (
  { id, events }: ExperimentLog,
  points: readonly Point[],
  witness: readonly Witness[],
): readonly string[] => {
  const steps = { chargeAh: 0, dischargeAh: 0 };
  const ended = events.findLast(({ type }) => type === 'StepStarted' || type === 'StepEnded');
  // Who has left it without the unit's word does not know what its last step did.
  const isWhole = ended?.type === 'StepEnded';
  for (const event of events.filter(({ type }) => type === 'StepEnded')) {
    steps.chargeAh += numberOf(event, 'chargeAh');
    steps.dischargeAh += numberOf(event, 'dischargeAh');
  }
  const truth = truthOf(witness.filter(({ experiment }) => experiment === id));
  const integral = integralOf(points);
  const said = Object.entries({ ...(isWhole && { steps }), records: integral });
  return said
    .filter(([, found]) => differs(found, truth))
    .map(
      ([what, found]) => `${id}: ${what} ${JSON.stringify(found)}, truth ${JSON.stringify(truth)}`,
    );
};

/** What flowed while the output was on. */
const truthOf = (witness: readonly Witness[]) => {
  const sum = { chargeAh: 0, dischargeAh: 0 };
  let on: Witness | undefined;
  for (const moment of witness) {
    if (moment.output === 'on') on = moment;
    else if (on) {
      sum.chargeAh += moment.chargeAh - on.chargeAh;
      sum.dischargeAh += moment.dischargeAh - on.dischargeAh;
      on = undefined;
    }
  }
  return sum;
};

/** The trapezoids within each step, but for holes: a sensor reads next to nothing then, which adds up in days. */
export const integralOf = (points: readonly Point[]): Charge => {
  const sum = { chargeAh: 0, dischargeAh: 0 };
  for (const [row, point] of points.entries()) {
    const before = points[row - 1];
    if (before?.stepCount !== point.stepCount) continue;
    if (point.testTimeS - before.testTimeS > longestIntervalS) continue;
    const flow = flowBetween(before, point);
    sum.chargeAh += flow.chargeAs / 3_600;
    sum.dischargeAh += flow.dischargeAs / 3_600;
  }
  return sum;
};

/** Outputs go on and off by turns, end off, and go on only after somebody told them to. */
export const witnessFaults = (
  output: string,
  witness: readonly Witness[],
  log: readonly LoggedEvent[],
): readonly string[] => {
  const faults: string[] = [];
  if (witness.length > 0 && witness.at(-1)?.output !== 'off') faults.push(`${output} is on`);
  const orders = new Map<string, number[]>();
  for (const event of log) {
    const isOn = ['start', 'resume'].includes(String(event.data['kind']));
    if (event.type !== 'InstructionIssued' || !isOn) continue;
    const id = event.stream.slice('experiment-'.length);
    orders.set(id, [...(orders.get(id) ?? []), Date.parse(event.recordedAt)]);
  }
  let last = 'off';
  for (const { output: now, wallMs, experiment = '' } of witness) {
    if (now === last) faults.push(`${output}: ${now} twice, at ${new Date(wallMs).toISOString()}`);
    last = now;
    if (now === 'off') continue;
    const order = orders.get(experiment)?.shift();
    if (order === undefined || order > wallMs) {
      faults.push(`${output}: on at ${new Date(wallMs).toISOString()} for ${experiment}, untold`);
    }
  }
  return faults;
};
