import { breachOf, intersection, type Limits } from '#cycling/program/limits.js';
import type { StationInstruction } from '#cycling/protocol/instructions.js';
import type { StationState } from '#cycling/protocol/messages.js';

import type { Reading } from './sensors.js';

/** What decides whether a station can do what it is instructed. */
export interface Standing {
  readonly state: StationState;
  /** The experiment whose limits are confirmed. */
  readonly experiment: string | undefined;
  /** The executed step that the program is at; absent where none is executed. */
  readonly stepCount: number | undefined;
  /** What the devices can do. */
  readonly ranges: Limits;
  /** What is to be kept now. */
  readonly limits: Limits;
  readonly reading: Reading;
}

/** Why an instruction cannot be followed. Undefined: it can, or there is nothing left to do. */
export const refusalOf = (
  instruction: StationInstruction,
  standing: Standing,
): string | undefined => {
  const { state, stepCount } = standing;
  if (instruction.kind === 'confirm-limits') return refusalOfLimits(instruction, standing);
  const { kind, experiment } = instruction;
  if (kind === 'output-off') return undefined;
  if (experiment !== undefined && standing.experiment !== experiment) {
    // What is over here is not to be stopped any more; a latch outlives the experiment that it ended.
    if (kind === 'stop' || (kind === 'reset-trip' && standing.experiment === undefined)) {
      return undefined;
    }
    return `the limits of experiment ${experiment} are not confirmed here`;
  }
  switch (instruction.kind) {
    case 'start':
      if (state !== 'ready') return `the station is ${state}, not ready`;
      return beyond(standing.limits, standing.reading);
    case 'pause':
      if (state === 'running' || state === 'paused') return undefined;
      return `the station is ${state}, not running`;
    case 'resume': {
      const isBroken = state === 'paused' || state === 'safe' || state === 'interrupted';
      if (!isBroken || stepCount === undefined) {
        return `the station is ${state}: there is nothing to resume`;
      }
      if (instruction.at && instruction.at.stepCount !== stepCount) {
        return `the unit is at step ${stepCount}, not at step ${instruction.at.stepCount}`;
      }
      return beyond(standing.limits, standing.reading);
    }
    case 'reset-trip':
      return state === 'tripped' ? beyond(standing.limits, standing.reading) : undefined;
    default:
      return undefined;
  }
};

const refusalOfLimits = (
  { limits, experiment }: Extract<StationInstruction, { kind: 'confirm-limits' }>,
  { state, ranges, reading, ...standing }: Standing,
) => {
  // One that was broken off may be given its limits again before it goes on.
  const isOwn = experiment === standing.experiment && state !== 'running' && state !== 'tripped';
  if (!isOwn && state !== 'idle' && state !== 'ready') return `the station is ${state}, not idle`;
  const within = intersection(limits, ranges);
  for (const [quantity, { min = -Infinity, max = Infinity }] of Object.entries(within)) {
    if (min >= max) return `no ${quantity} keeps these limits and those of the devices`;
  }
  return beyond(within, reading);
};

const beyond = (limits: Limits, reading: Reading): string | undefined => {
  const breach = breachOf(limits, reading);
  if (!breach) return undefined;
  const { quantity, value, bound, limit } = breach;
  return `${quantity} is ${value}; its ${bound} is ${limit}`;
};
