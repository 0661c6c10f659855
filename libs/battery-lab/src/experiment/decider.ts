import type { Decider, Key } from '#kernel/decider.js';

import { cancelImport, decideImport, type ImportCommand } from '../import/decider.js';
import { batteryUnderTest, stationConfiguration } from '../keys.js';
import type { ExperimentCommand } from './commands.js';
import { answer, issue, repeat, stopAgain, timeOut } from './decide-instructions.js';
import { operate } from './decide-operations.js';
import { report } from './decide-reports.js';
import { experimentCategory, type ExperimentEvent, experimentEvents } from './events.js';
import { evolve } from './evolve.js';
import { experimentExists, importedExperiment, unknownExperiment } from './refusals.js';
import { type Experiment, type ExperimentState, hasEnded, isExecuted, mayEndNow } from './state.js';

const ofImport: readonly ExperimentCommand['type'][] = [
  'RequestImport',
  'RejectImportedRows',
  'CompleteImport',
  'FailImport',
] satisfies readonly ImportCommand['type'][];
const isOfImport = (command: ExperimentCommand): command is ImportCommand =>
  ofImport.includes(command.type);

const decideOn = (
  command: Exclude<ExperimentCommand, ImportCommand>,
  state: Experiment,
): readonly ExperimentEvent[] => {
  switch (command.type) {
    case 'QueueExperiment':
      throw experimentExists();
    case 'CancelExperiment':
    case 'PauseExperiment':
    case 'ResumeExperiment':
    case 'AbortExperiment':
    case 'ResetTrip':
    case 'ConfirmOutputOff':
      return operate(command, state);
    case 'AssignExperiment':
      if (state.status !== 'queued' || state.ending) return [];
      return [{ type: 'ExperimentAssigned', data: command.data }];
    case 'HoldExperiment':
      if (state.status !== 'queued' || state.ending) return [];
      return [{ type: 'ExperimentHeld', data: command.data }];
    case 'FailExperiment':
      if (hasEnded(state) || state.ending) return [];
      return [{ type: 'ExperimentEnding', data: { as: 'failed', ...command.data } }];
    case 'EndExperiment':
      return end(state);
    case 'IssueInstruction':
      return issue(command.data, state);
    case 'RepeatInstruction':
      return repeat(command.data, state);
    case 'TimeOutInstruction':
      return timeOut(command.data, state);
    case 'StopAgain':
      return stopAgain(command, state);
    case 'NoteInstructionSent': {
      const { open } = state;
      if (open?.instruction !== command.data.instruction || open.isSent) return [];
      return [{ type: 'InstructionSent', data: command.data }];
    }
    case 'AnswerInstruction':
      return answer(command, state);
    default:
      return report(command, state);
  }
};

/** Carries out what is decided already, as soon as the output is off and the unit has left it. */
const end = (state: Experiment): readonly ExperimentEvent[] => {
  const { ending, request } = state;
  if (!ending || !mayEndNow(state)) return [];
  if (ending.as === 'aborted') return [{ type: 'ExperimentAborted', data: {} }];
  const message = ending.message ?? `${request.name} could not be run`;
  return [{ type: 'ExperimentFailed', data: { message } }];
};

/** From its turn until its output is off for good its battery and its station are its own. */
const keysOf = (state: ExperimentState): readonly Key[] => {
  if (!isExecuted(state) || !state.assigned || hasEnded(state)) return [];
  const { batteryId, stationId } = state.request;
  const number = state.assigned.stationConfiguration;
  const station = number === undefined ? [] : [stationConfiguration(stationId, number)];
  return [batteryUnderTest(batteryId), ...station];
};

export const experimentDecider: Decider<ExperimentState, ExperimentCommand, ExperimentEvent> = {
  category: experimentCategory,
  events: experimentEvents,
  initialState: { status: 'absent' },
  decide(command, state) {
    if (isOfImport(command)) {
      if (isExecuted(state)) throw experimentExists();
      return decideImport(command, state.status === 'imported' ? state : undefined);
    }
    if (state.status === 'imported') {
      if (command.type === 'CancelExperiment') return cancelImport(state);
      throw importedExperiment();
    }
    if (state.status !== 'absent') return decideOn(command, state);
    if (command.type !== 'QueueExperiment') throw unknownExperiment();
    return [{ type: 'ExperimentQueued', data: command.data }];
  },
  evolve,
  keys: keysOf,
};
