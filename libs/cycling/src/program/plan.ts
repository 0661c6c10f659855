import { type Goto, isGoto, isLoop, type Program, type ProgramNode, type Step } from './program.js';

interface Written {
  /** JSON pointer into the program. */
  readonly pointer: string;
}

export interface StepOperation extends Written {
  readonly is: 'step';
  readonly step: Step;
  /** Counts the steps as they are written, from 1. */
  readonly stepId: number;
}

/** A program as a list of operations, each with the number of the one to go to. */
export type Operation =
  | StepOperation
  | { readonly is: 'enter'; readonly loop: number; readonly cycle: boolean }
  | {
      readonly is: 'again';
      readonly loop: number;
      readonly times: number;
      /** The first operation within the loop. */
      readonly start: number;
      readonly cycle: boolean;
    }
  | (Written & {
      readonly is: 'goto';
      readonly jump: number;
      readonly to: number;
      readonly goto: Goto;
    });

export interface Plan {
  readonly program: Program;
  readonly operations: readonly Operation[];
  readonly steps: readonly StepOperation[];
  readonly loops: number;
  readonly jumps: number;
  readonly cycle: 'loop' | 'charge' | 'discharge';
}

const holds = (nodes: readonly ProgramNode[], is: (node: ProgramNode) => boolean): boolean =>
  nodes.some((node) => is(node) || (isLoop(node) && holds(node.loop, is)));
const isMarked = (node: ProgramNode): boolean => isLoop(node) && node.cycle === true;
const repeats = (node: ProgramNode): boolean => isLoop(node) && node.times > 1;

/**
 * A valid program as its operations. Where passes of loops count cycles, they are those of the loops that say so, and
 * else those of the outermost loops with more than one pass.
 */
export const planOf = (program: Program): Plan => {
  const operations: Operation[] = [];
  const steps: StepOperation[] = [];
  let loops = 0;
  let jumps = 0;
  const jumpsToPlace: (() => void)[] = [];
  const marked = holds(program.steps, isMarked);
  const cycle = program.cycle ?? (marked || holds(program.steps, repeats) ? 'loop' : 'charge');

  const add = (nodes: readonly ProgramNode[], pointer: string, labels: Labels, within: boolean) => {
    const known: Labels = new Map(labels);
    for (const node of nodes) if (node.label !== undefined) known.set(node.label, { to: -1 });
    for (const [index, node] of nodes.entries()) {
      const own = `${pointer}/${String(index)}`;
      const place = node.label === undefined ? undefined : known.get(node.label);
      if (place) place.to = operations.length;
      if (isGoto(node)) {
        const at = operations.length;
        const operation = { is: 'goto', jump: jumps++, to: at, goto: node, pointer: own } as const;
        operations.push(operation);
        // Labels of enclosing lists may stand behind the loop.
        jumpsToPlace.push(() => {
          operations[at] = { ...operation, to: known.get(node.goto)?.to ?? at };
        });
      } else if (isLoop(node)) {
        const loop = loops++;
        const counts = cycle === 'loop' && (marked ? isMarked(node) : !within && repeats(node));
        operations.push({ is: 'enter', loop, cycle: counts });
        const start = operations.length;
        add(node.loop, `${own}/loop`, known, within || repeats(node));
        operations.push({ is: 'again', loop, times: node.times, start, cycle: counts });
      } else {
        const operation = {
          is: 'step',
          step: node,
          stepId: steps.length + 1,
          pointer: own,
        } as const;
        steps.push(operation);
        operations.push(operation);
      }
    }
  };
  add(program.steps, '/steps', new Map(), false);
  for (const place of jumpsToPlace) place();
  return { program, operations, steps, loops, jumps, cycle };
};

type Labels = Map<string, { to: number }>;
