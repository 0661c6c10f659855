import { exampleEvents } from '#kernel/event-types.js';
import { commandMeta, givenFor } from '#testing/decider-spec.js';

import type { ExperimentCommand } from './commands.js';
import { experimentDecider } from './decider.js';
import { type EventData, type ExperimentEvent, experimentEvents } from './events.js';
import { type Experiment, type ExperimentState, isExecuted } from './state.js';

export const given = givenFor(experimentDecider);
export const at = '2026-05-04T11:00:00.000Z';
export const meta = { ...commandMeta(), occurredAt: at };
export const examples = exampleEvents(experimentEvents);
export const nothing = { elapsedS: 0, chargeAh: 0, dischargeAh: 0 };
export const program = {
  steps: [
    { do: 'cc', currentA: 1, until: [{ voltageV: 4.2 }] },
    { do: 'rest', until: [{ timeS: 60 }] },
  ],
};
export const queued = {
  type: 'ExperimentQueued',
  data: { ...examples.ExperimentQueued.data, program },
} as const satisfies ExperimentEvent;
export const assigned = examples.ExperimentAssigned;
export const issued = (kind: EventData<'InstructionIssued'>['kind'], instruction = kind) =>
  ({
    type: 'InstructionIssued',
    data: { instruction, kind, unitId: 'unit-7', issuedAt: at },
  }) as const satisfies ExperimentEvent;
export const acknowledged = (instruction: string) =>
  ({ type: 'InstructionAcknowledged', data: { instruction } }) as const satisfies ExperimentEvent;
export const confirmed: readonly ExperimentEvent[] = [
  issued('confirm-limits'),
  acknowledged('confirm-limits'),
  examples.LimitsConfirmed,
];
export const started: readonly ExperimentEvent[] = [
  ...[queued, assigned, ...confirmed],
  ...[issued('start'), acknowledged('start'), examples.ExperimentStarted],
];
export const stepStarted = (stepCount: number, stepId = stepCount) =>
  ({
    type: 'StepStarted',
    data: { stepCount, stepId, cycle: 1, testTimeS: 0, at },
  }) as const satisfies ExperimentEvent;
export const stepEnded = (stepCount: number, cause: EventData<'StepEnded'>['cause']) => {
  const { data } = examples.StepEnded;
  const place = { stepCount, stepId: stepCount, cycle: 1 };
  return {
    type: 'StepEnded',
    data: { ...data, ...place, cause },
  } as const satisfies ExperimentEvent;
};
export const running = [...started, stepStarted(1)];
export const tripped = {
  ...examples.SafetyTripped,
  data: { ...examples.SafetyTripped.data, by: 'server' },
} as const satisfies ExperimentEvent;
export const off = {
  type: 'OutputOffConfirmed',
  data: { by: 'unit', testTimeS: null, at },
} as const satisfies ExperimentEvent;
export const offAt = {
  type: 'OutputOffConfirmed',
  data: { ...examples.OutputOffConfirmed.data, at },
} as const satisfies ExperimentEvent;

export const command = <T extends ExperimentCommand['type']>(
  type: T,
  data: Extract<ExperimentCommand, { type: T }>['data'],
) => ({ type, data, meta }) as Extract<ExperimentCommand, { type: T }>;
export const issue = (kind: EventData<'InstructionIssued'>['kind'], instruction: string = kind) =>
  command('IssueInstruction', { instruction, kind, at });
export const done = (instruction: string) =>
  command('AnswerInstruction', { instruction, status: 'done', reason: '', at });
export const refuse = (instruction: string) =>
  command('AnswerInstruction', {
    instruction,
    status: 'refused',
    reason: 'occupied',
    at,
  });

export const stateOf = (events: readonly ExperimentEvent[]): Experiment => {
  const state = events.reduce<ExperimentState>(
    (before, event) => experimentDecider.evolve(before, event),
    experimentDecider.initialState,
  );
  if (!isExecuted(state)) throw new Error('there is no experiment');
  return state;
};
