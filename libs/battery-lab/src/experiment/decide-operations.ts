import type { OperationCommand } from './commands.js';
import type { ExperimentEvent } from './events.js';
import { instructionOpen, notNow, outputOn } from './refusals.js';
import { type Experiment, hasEnded, turnsOn } from './state.js';

type Instructing = { readonly data: { readonly instruction: string } };

/** What an operator may do when. Nothing here turns an output on by itself. */
export const operate = (
  command: OperationCommand,
  state: Experiment,
): readonly ExperimentEvent[] => {
  switch (command.type) {
    case 'CancelExperiment':
      if (state.status === 'cancelled') return [];
      if (state.status !== 'queued') throw notNow(state.status, 'queued');
      return takeBack(null, state);
    case 'PauseExperiment':
      if (state.isResuming) throw instructionOpen('resume');
      if (state.status === 'paused' || state.open?.kind === 'pause') return [];
      if (state.status !== 'running' || state.ending) throw notNow(state.status, 'running');
      return instruct('pause', command, state);
    case 'ResumeExperiment':
      return resume(state);
    case 'AbortExperiment':
      return abort(command.data.message, state);
    case 'ResetTrip':
      if (state.open?.kind === 'reset-trip') return [];
      if (state.status !== 'tripped' || state.ending) throw notNow(state.status, 'tripped');
      if (state.output === 'on') throw outputOn();
      return instruct('reset-trip', command, state);
    case 'ConfirmOutputOff':
      return outputOff(command, state);
  }
};

/** The time is that of the request, which is no part of what is asked: the same asked again is the same. */
const instruct = (
  kind: 'pause' | 'reset-trip',
  { data: { instruction }, meta: { occurredAt: issuedAt } }: Extract<OperationCommand, Instructing>,
  { open, request: { unitId } }: Experiment,
): readonly ExperimentEvent[] => {
  if (open) throw instructionOpen(open.kind);
  return [{ type: 'InstructionIssued', data: { instruction, kind, unitId, issuedAt } }];
};

/** Where it is ending, its unit is taken to have left it too: it may never say so. */
const outputOff = (
  { meta: { occurredAt: at } }: OperationCommand,
  state: Experiment,
): readonly ExperimentEvent[] => {
  const { status, output, ending, isAtUnit, open } = state;
  if (status === 'running' && !ending) {
    throw notNow(status, 'tripped, interrupted or ending');
  }
  // Who looked at it has seen what it was before that.
  if (open && turnsOn(open.kind)) throw instructionOpen(open.kind);
  const events: ExperimentEvent[] = [];
  if (output === 'on') {
    events.push({ type: 'OutputOffConfirmed', data: { by: 'operator', testTimeS: null, at } });
  }
  if (ending && isAtUnit && !hasEnded(state)) {
    events.push({ type: 'UnitReleased', data: { by: 'operator' } });
  }
  return events;
};

const resume = (state: Experiment): readonly ExperimentEvent[] => {
  const { status, isResuming, output, ending, open } = state;
  if (open?.kind === 'pause') throw instructionOpen('pause');
  if (isResuming || status === 'running') return [];
  const isStopped = status === 'paused' || status === 'interrupted';
  if (!isStopped || ending) throw notNow(status, 'paused or interrupted');
  if (output === 'on') throw outputOn();
  return [{ type: 'ResumeRequested', data: {} }];
};

/** A unit that was told of it leaves it first. */
const takeBack = (
  message: string | null,
  { ending, isAtUnit }: Experiment,
): readonly ExperimentEvent[] => {
  if (ending) return [];
  return isAtUnit
    ? [{ type: 'ExperimentEnding', data: { as: 'aborted', message } }]
    : [{ type: 'ExperimentCancelled', data: {} }];
};

/** What has not begun is cancelled; else the output goes off before it has ended. */
const abort = (message: string | null, state: Experiment): readonly ExperimentEvent[] => {
  if (state.status === 'queued') return takeBack(message, state);
  if (hasEnded(state)) {
    if (state.status === 'aborted' || state.status === 'cancelled') return [];
    throw notNow(state.status, 'queued or under way');
  }
  return state.ending ? [] : [{ type: 'ExperimentEnding', data: { as: 'aborted', message } }];
};
