import { type TSchema, Type } from 'typebox';
import { Errors } from 'typebox/value';

import { type FieldError, Refusal } from '#kernel/refusal.js';
import { closed } from '#kernel/schema.js';

import { quantitiesOf, unsuitable } from './ends.js';
import { planOf } from './plan.js';
import {
  bounds,
  endsOf,
  gotoSchema,
  isGoto,
  isLoop,
  loopSchema,
  type Program,
  type ProgramNode,
  programSchema,
  type Step,
  type StepOf,
  stepSchemas,
  type Stop,
} from './program.js';
import { walk } from './run.js';

const maxErrors = 20;
/** The program around its steps, each of which is checked by the schema of its own kind. */
const around = closed({
  ...programSchema.properties,
  steps: Type.Array(Type.Object({}), { minItems: 1, maxItems: bounds.nodes }),
});

/** Reads a program. Throws a `Refusal` (`PROGRAM_INVALID`) with a pointer and an expectation for each wrong part. */
export const readProgram = (value: unknown, pointer = '/program'): Program => {
  const errors = programErrors(value, pointer);
  if (errors.length === 0) return value as Program;
  throw new Refusal('PROGRAM_INVALID', 'invalid', 'the program is not valid', { errors });
};

/** What is wrong with a program: at most 20 parts, each a JSON pointer below `pointer` and what was expected. */
export const programErrors = (value: unknown, pointer = ''): readonly FieldError[] => {
  const outer = schemaErrors(around, value, pointer);
  if (outer.length > 0) return outer.slice(0, maxErrors);
  const program = value as Program;
  const errors = [
    ...nodesErrors(program.steps, `${pointer}/steps`),
    ...(program.stop ?? []).flatMap((stop, at) =>
      stopErrors(stop, `${pointer}/stop/${String(at)}`),
    ),
    ...rangeErrors(program, pointer),
  ];
  if (errors.length > 0) return errors.slice(0, maxErrors);
  if (walk(planOf(program), { nominalCapacityAh: 1 }).status !== 'endless') return [];
  const most = `at most ${String(bounds.executed)} executed steps, and steps between its jumps`;
  return [{ pointer: `${pointer}/steps`, reason: `expected a program that ends: ${most}` }];
};

const schemaErrors = (schema: TSchema, value: unknown, pointer: string): FieldError[] => {
  const found = Errors(schema, value);
  const told = found.flatMap((error) => fieldErrors(schema, error, pointer));
  if (told.length > 0) return told;
  // Only so many are found: unknown members can come before what tells of them.
  return found.map(({ instancePath }) => ({
    pointer: `${pointer}${instancePath}`,
    reason: 'is not known here',
  }));
};

const fieldErrors = (
  schema: TSchema,
  { keyword, instancePath, params, message }: ReturnType<typeof Errors>[number],
  pointer: string,
): FieldError[] => {
  const at = `${pointer}${instancePath}`;
  const given = params as Readonly<Record<string, unknown>>;
  switch (keyword) {
    // It is told by additionalProperties, too.
    case 'boolean':
      return [];
    case 'additionalProperties':
      return (given['additionalProperties'] as string[]).map((name) => ({
        pointer: `${at}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
        reason: knownMembers(schema, instancePath),
      }));
    case 'required':
      return (given['requiredProperties'] as string[]).map((name) => ({
        pointer: `${at}/${name}`,
        reason: 'is missing',
      }));
    case 'enum':
      return [
        {
          pointer: at,
          reason: `expected one of ${(given['allowedValues'] as string[]).join(', ')}`,
        },
      ];
    case 'minItems':
    case 'maxItems': {
      const side = keyword === 'minItems' ? 'at least' : 'at most';
      return [{ pointer: at, reason: `expected ${side} ${String(given['limit'])} in the list` }];
    }
    case 'pattern':
      return [{ pointer: at, reason: 'expected a letter, then letters, digits, _ or -; up to 40' }];
    case 'not':
      return [{ pointer: at, reason: 'expected a number that is not 0' }];
    default:
      return [{ pointer: at, reason: message.replace(/^must (?:be )?/, 'expected ') }];
  }
};

const knownMembers = (schema: TSchema, path: string): string => {
  const members = path === '' ? (schema as { properties?: object }).properties : undefined;
  return `is not known here${members ? `; expected ${Object.keys(members).join(', ')}` : ''}`;
};

/** The nodes of a list and of the loops in it. */
const nodesErrors = (steps: readonly ProgramNode[], root: string): FieldError[] => {
  const errors: FieldError[] = [];
  const refuse = (pointer: string, reason: string) => void errors.push({ pointer, reason });
  const seen = new Set<string>();
  let nodes = 0;
  let points = 0;
  const check = (list: readonly ProgramNode[], pointer: string, depth: number, outer: Labels) => {
    const labels = new Set([...outer, ...list.flatMap((node) => node.label ?? [])]);
    for (const [index, node] of list.entries()) {
      const own = `${pointer}/${String(index)}`;
      nodes += 1;
      if (nodes > bounds.nodes || errors.length >= maxErrors) return;
      const found = nodeErrors(node, own);
      errors.push(...found);
      if (found.length > 0) continue;
      if (node.label !== undefined && seen.has(node.label))
        refuse(`${own}/label`, 'is not the only one');
      if (node.label !== undefined) seen.add(node.label);
      if (isGoto(node)) {
        if (!labels.has(node.goto)) {
          refuse(`${own}/goto`, 'expected the label of a step in the same list or around it');
        }
      } else if (!isLoop(node)) points += node.do === 'drive' ? node.points.length : 0;
      else if (depth < bounds.depth) check(node.loop, `${own}/loop`, depth + 1, labels);
      else
        refuse(`${own}/loop`, `expected at most ${String(bounds.depth)} loops within each other`);
    }
  };
  check(steps, root, 0, new Set());
  if (nodes > bounds.nodes) refuse(root, `expected at most ${String(bounds.nodes)} steps in all`);
  if (points > bounds.points) {
    refuse(root, `expected at most ${String(bounds.points)} points of drive cycles in all`);
  }
  return errors;
};

type Labels = ReadonlySet<string>;

const nodeErrors = (node: ProgramNode, pointer: string): FieldError[] => {
  if (isLoop(node)) return schemaErrors(loopSchema, node, pointer);
  if (isGoto(node)) {
    const errors = schemaErrors(gotoSchema, node, pointer);
    if (errors.length > 0 || !node.when) return errors;
    const named = [...quantitiesOf(node.when), ...('cause' in node.when ? ['cause'] : [])];
    const isWhole = named.length === 1 && (named[0] === 'cause') !== 'is' in node.when;
    const reason = 'expected a cause, or one quantity with is';
    return isWhole ? [] : [{ pointer: `${pointer}/when`, reason }];
  }
  const schema = Object.hasOwn(stepSchemas, node.do) ? stepSchemas[node.do] : undefined;
  if (!schema) {
    const known = Object.keys(stepSchemas).join(', ');
    return [{ pointer: `${pointer}/do`, reason: `expected one of ${known}, or a loop or a goto` }];
  }
  const errors = schemaErrors(schema, node, pointer);
  return errors.length > 0 ? errors : stepErrors(node, pointer);
};

const stepErrors = (step: Step, pointer: string): FieldError[] => [
  ...('currentA' in step || 'cRate' in step || step.do === 'cc' || step.do === 'cccv'
    ? rateErrors(step, pointer)
    : []),
  ...endsOf(step).flatMap((end, index) => {
    const own = `${pointer}/until/${String(index)}`;
    const quantities = quantitiesOf(end);
    if (quantities.length !== 1) return [{ pointer: own, reason: 'expected exactly one quantity' }];
    if ('of' in end && !('cRate' in end)) return [{ pointer: `${own}/of`, reason: ofCRate }];
    const reason = unsuitable(step, end);
    return reason === undefined ? [] : [{ pointer: own, reason }];
  }),
  ...(step.do === 'drive' ? pointErrors(step, `${pointer}/points`) : []),
  ...rangeErrors(step, pointer),
];

const ofCRate = 'is known beside a cRate only';

const rateErrors = (step: Step, pointer: string): FieldError[] => {
  if ('currentA' in step === 'cRate' in step) {
    return [{ pointer, reason: 'expected either currentA or cRate' }];
  }
  return 'of' in step && !('cRate' in step) ? [{ pointer: `${pointer}/of`, reason: ofCRate }] : [];
};

const pointErrors = ({ quantity, points }: StepOf<'drive'>, pointer: string): FieldError[] => {
  const wrong = points.findIndex(([timeS], index) =>
    index === 0 ? timeS !== 0 : timeS <= (points[index - 1]?.[0] ?? 0),
  );
  const low = quantity === 'voltage' ? points.findIndex(([, value]) => value <= 0) : -1;
  const reason = wrong === 0 ? 'expected 0' : 'expected a later time than that of the point before';
  return [
    ...(wrong < 0 ? [] : [{ pointer: `${pointer}/${String(wrong)}/0`, reason }]),
    ...(low < 0
      ? []
      : [{ pointer: `${pointer}/${String(low)}/1`, reason: 'expected more than 0 V' }]),
  ];
};

const stopErrors = (stop: Stop, pointer: string): FieldError[] => {
  const { of, ...quantities } = stop;
  if (Object.keys(quantities).length !== 1) {
    return [{ pointer, reason: 'expected exactly one quantity' }];
  }
  return of !== undefined && stop.capacityRetention === undefined
    ? [{ pointer: `${pointer}/of`, reason: 'is known beside capacityRetention only' }]
    : rangeErrors({ limits: stop }, pointer, '');
};

const rangeErrors = (
  { limits = {} }: Pick<Program, 'limits'>,
  pointer: string,
  member = '/limits',
): FieldError[] =>
  Object.entries(limits).flatMap(([quantity, range]) => {
    if (typeof range !== 'object') return [];
    const { min = -Infinity, max = Infinity } = range;
    const reason = 'expected min, max or both, with min below max';
    const isRange = min < max && Object.keys(range).length > 0;
    return isRange ? [] : [{ pointer: `${pointer}${member}/${quantity}`, reason }];
  });
