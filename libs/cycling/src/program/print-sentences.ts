import { type Cause, quantitiesOf } from './ends.js';
import type { Limits } from './limits.js';
import {
  type End,
  endsOf,
  isGoto,
  isLoop,
  type Program,
  type ProgramNode,
  type RecordRule,
  type Step,
  type Stop,
  type When,
} from './program.js';
import { writtenIn } from './units.js';

/**
 * The program as sentences, one per line. `readSentences` reads them as the same program, but for what sentences only tell:
 * labels and jumps, drive cycles, limits, and what is said of the whole program. There it refuses the line.
 */
export const sentencesOf = (program: Program): string =>
  [
    ...program.steps.flatMap((node) => linesOf(node, '')),
    ...(program.cycle ? [`Count a cycle by ${program.cycle}`] : []),
    ...(program.record ? [`Record with a ${periodOf(program.record)}`] : []),
    ...(program.limits ? [`Keep ${limitsOf(program.limits)}`] : []),
    ...(program.stop ?? []).map(stopOf),
  ].join('\n');

const linesOf = (node: ProgramNode, indent: string): readonly string[] => {
  const label = node.label === undefined ? '' : `[${node.label}] `;
  if (isGoto(node)) {
    return [`${indent}${label}Go to ${node.goto} up to ${counted(node.times)}${whenOf(node.when)}`];
  }
  if (!isLoop(node)) return [`${indent}${label}${sentenceOf(node)}`];
  const times = node.cycle ? `${String(node.times)} cycles` : counted(node.times);
  const inner = node.loop.flatMap((one) => linesOf(one, `${indent}  `));
  return [`${indent}${label}Repeat ${times}:`, ...inner];
};

const counted = (times: number): string => (times === 1 ? '1 time' : `${String(times)} times`);

/** One step as a sentence. */
export const sentenceOf = (step: Step): string => {
  const limits = step.limits ? ` (${limitsOf(step.limits)})` : '';
  const measures = step.measures ? ' (measures capacity)' : '';
  const record = step.record ? ` (${periodOf(step.record)})` : '';
  return `${held(step)}${untilOf(step)}${measures}${record}${limits}`;
};

const held = (step: Step): string => {
  switch (step.do) {
    case 'rest':
      return 'Rest';
    case 'cc':
      return rated(step);
    case 'cv':
      return `Hold at ${writtenIn('voltageV', step.voltageV)}`;
    case 'cccv':
      return `${rated(step)} and hold at ${writtenIn('voltageV', step.voltageV)}`;
    case 'cp':
      return `${way(step.powerW)} at ${writtenIn('powerW', Math.abs(step.powerW))}`;
    case 'cr':
      return `Discharge at ${writtenIn('resistanceOhm', step.resistanceOhm)}`;
    case 'drive':
      return `Follow ${String(step.points.length)} points of ${step.quantity}`;
  }
};

const way = (value: number): string => (value < 0 ? 'Discharge' : 'Charge');

const rated = ({ currentA, cRate = 0, of }: Pick<End, 'currentA' | 'cRate' | 'of'>): string =>
  currentA === undefined
    ? `${way(cRate)} at ${writtenIn('cRate', Math.abs(cRate))}${capacityOf(of)}`
    : `${way(currentA)} at ${writtenIn('currentA', Math.abs(currentA))}`;

const capacityOf = (of: End['of']): string => (of ? ` of ${of} capacity` : '');

const untilOf = (step: Step): string => {
  const ends = endsOf(step).map((end) =>
    end.timeS === undefined ? `until ${endText(end)}` : `for ${endText(end)}`,
  );
  return ends.length === 0 ? '' : ` ${ends.join(' or ')}`;
};

const endText = (end: End): string => {
  if (end.deltaVoltageV !== undefined) return `-dV of ${writtenIn('voltageV', end.deltaVoltageV)}`;
  const is = end.is ? (end.is === 'atLeast' ? 'at least ' : 'at most ') : '';
  const [quantity = 'timeS'] = quantitiesOf(end);
  if (quantity === 'deltaVoltageV') return '';
  return `${is}${writtenIn(quantity, end[quantity] ?? 0)}${capacityOf(end.of)}`;
};

const whenOf = (when: When | undefined): string => {
  if (!when) return '';
  const cause: Cause | undefined = when.cause;
  return cause ? ` if the step before ended by ${cause}` : ` if it ended with ${endText(when)}`;
};

const periodOf = ({ everyS, dV, dA }: RecordRule): string =>
  [
    `${writtenIn('timeS', everyS)} period`,
    ...(dV === undefined ? [] : [writtenIn('voltageV', dV)]),
    ...(dA === undefined ? [] : [writtenIn('currentA', dA)]),
  ].join(' or ');

const limitsOf = (limits: Limits): string =>
  (['voltageV', 'currentA', 'powerW', 'temperatureC'] as const)
    .flatMap((quantity) => {
      const { min, max } = limits[quantity] ?? {};
      return [
        ...(min === undefined ? [] : [`at least ${writtenIn(quantity, min)}`]),
        ...(max === undefined ? [] : [`at most ${writtenIn(quantity, max)}`]),
      ];
    })
    .join(', ');

const stopOf = ({ testTimeS, cycles, capacityRetention, of, ...ranges }: Stop): string => {
  if (testTimeS !== undefined) return `Stop after ${writtenIn('timeS', testTimeS)}`;
  if (cycles !== undefined) return `Stop after ${String(cycles)} cycles`;
  if (capacityRetention === undefined) return `Stop outside ${limitsOf(ranges)}`;
  return `Stop at ${String(capacityRetention * 100)} % of the ${of ?? 'first'} capacity`;
};
