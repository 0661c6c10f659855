import { Refusal } from '#kernel/refusal.js';

import type { Status } from './state.js';

export const unknownExperiment = () =>
  new Refusal('EXPERIMENT_UNKNOWN', 'not-found', 'there is no such experiment');

export const experimentExists = () =>
  new Refusal('EXPERIMENT_EXISTS', 'conflict', 'there is an experiment with this id already');

export const importedExperiment = () =>
  new Refusal(
    'EXPERIMENT_IMPORTED',
    'conflict',
    'the experiment was recorded elsewhere and imported from files: there is no unit that could be told anything',
  );

/** `expected` says in which state the command makes sense. */
export const notNow = (status: Status, expected: string) =>
  new Refusal(
    'EXPERIMENT_STATE_CONFLICT',
    'conflict',
    `the experiment is ${status}; expected one that is ${expected}`,
    { state: status },
  );

export const outputOn = () =>
  new Refusal(
    'OUTPUT_NOT_OFF',
    'conflict',
    'the unit has not confirmed that the output is off: wait for it, or see to it and confirm it',
  );

export const instructionOpen = (kind: string) =>
  new Refusal('INSTRUCTION_OPEN', 'conflict', `the unit has not answered yet to "${kind}"`);

export const notStarted = () =>
  new Refusal(
    'EXPERIMENT_NOT_STARTED',
    'conflict',
    'the unit reports on an experiment that was not started',
  );

export const ended = () =>
  new Refusal('EXPERIMENT_ENDED', 'conflict', 'the unit reports on an experiment that has ended');
