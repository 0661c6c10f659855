import { unsuitable } from './ends.js';
import { endsOf, type Program, type ProgramNode, type Step } from './program.js';
import { asProgram, type Line, linesOf, unreadable } from './text.js';

interface Field {
  readonly text: string;
  readonly column: number;
}

const limits = {
  TIME: 'timeS',
  VOLTAGE: 'voltageV',
  CURRENT: 'currentA',
  POWER: 'powerW',
  CAPACITY: 'capacityAh',
} as const;
const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/**
 * Reads the form of one instruction per line: `WAIT, 600` in seconds, and `CC, 2.0, VOLTAGE, 4.2`, `CV, 4.2, CURRENT,
 * 0.05`, `CP, 5, TIME, 60` in volts, amperes, watts, seconds and ampere-hours; positive currents and powers charge. Throws a
 * `Refusal` (`PROGRAM_TEXT_INVALID`) that names line, column and expectation.
 */
export const readTextForm = (text: string): Program => {
  const lines = new Map<ProgramNode, number>();
  for (const line of linesOf(text)) lines.set(instruction(line), line.number);
  return asProgram([...lines.keys()], lines);
};

const instruction = (line: Line): Step => {
  const fields = fieldsOf(line.text);
  const refuse = (field: Field | undefined, expected: string): never =>
    unreadable(line.number, field?.column ?? line.text.length + 1, expected);
  const number = (field: Field | undefined, expected: string): number => {
    if (!field || !decimal.test(field.text)) return refuse(field, expected);
    return Number(field.text);
  };
  const only = (count: number) => {
    if (fields.length > count) refuse(fields[count], `${String(count)} fields`);
  };
  const above0 = (field: Field | undefined, expected: string): number => {
    const value = number(field, expected);
    return value > 0 ? value : refuse(field, expected);
  };
  const [mode, set, limit, value] = fields;
  const kind = mode?.text.toUpperCase();
  if (kind === 'WAIT') {
    const timeS = above0(set, 'seconds, more than 0');
    only(2);
    return { do: 'rest', until: [{ timeS }] };
  }
  if (kind !== 'CC' && kind !== 'CV' && kind !== 'CP') return refuse(mode, 'WAIT, CC, CV or CP');
  const setPoint =
    kind === 'CV'
      ? above0(set, 'volts, more than 0')
      : number(set, kind === 'CC' ? 'amperes; positive charges' : 'watts; positive charges');
  if (setPoint === 0) refuse(set, 'a number that is not 0 (to rest: WAIT)');
  const name = limit?.text.toUpperCase() ?? '';
  const quantity = Object.hasOwn(limits, name) ? limits[name as keyof typeof limits] : undefined;
  if (!quantity) return refuse(limit, `one of ${Object.keys(limits).join(', ')}`);
  const written = number(value, `a number, the ${name} at which the instruction ends`);
  only(4);
  // The sign of a current or a power that falls repeats the direction.
  const target = quantity === 'currentA' || quantity === 'powerW' ? Math.abs(written) : written;
  if (quantity !== 'voltageV' && !(target > 0)) refuse(value, 'a number greater than 0');
  const until = [{ [quantity]: target }];
  const step: Step =
    kind === 'CC'
      ? { do: 'cc', currentA: setPoint, until }
      : kind === 'CV'
        ? { do: 'cv', voltageV: setPoint, until }
        : { do: 'cp', powerW: setPoint, until };
  const [end] = endsOf(step);
  const wrong = end && unsuitable(step, end);
  return wrong === undefined ? step : refuse(limit, `another limit: ${wrong}`);
};

const fieldsOf = (text: string): readonly Field[] => {
  let start = 0;
  return text.split(',').map((field) => {
    const column = start + field.length - field.trimStart().length + 1;
    start += field.length + 1;
    return { text: field.trim(), column };
  });
};
