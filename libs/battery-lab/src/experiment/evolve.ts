import { planOf } from '#cycling/program/plan.js';
import type { Program } from '#cycling/program/program.js';
import { advance, begin, type StepEnd } from '#cycling/program/run.js';

import { evolveImport } from '../import/decider.js';
import { type ImportEvent, importEvents } from '../import/events.js';
import type { EventData, ExperimentEvent } from './events.js';
import {
  type Experiment,
  type ExperimentState,
  hasEnded,
  isExecuted,
  isNotOnYet,
  mustBeHeard,
  type Progress,
  type Trip,
  turnsOn,
} from './state.js';

const nothingDone: Progress = { elapsedS: 0, chargeAh: 0, dischargeAh: 0 };

const queued = (request: EventData<'ExperimentQueued'>): Experiment => {
  // Checked before it was queued.
  const plan = planOf(request.program as Program);
  const run = begin(plan, { nominalCapacityAh: request.nominalCapacityAh });
  return {
    ...{
      status: 'queued',
      request,
      assigned: null,
      held: null,
      isHeld: false,
      isAtUnit: false,
      hasLimits: false,
      output: 'off',
    },
    ...{
      open: null,
      lastOutputOff: null,
      awaitsOff: false,
      plan,
      run,
      step: null,
      progress: nothingDone,
      trip: null,
      trips: 0,
    },
    ...{ interruptions: 0, isResuming: false, ending: null },
    ...{ endedAtS: null, offSince: null, foundOn: null, runsOn: null },
  };
};

/** How a step ended, as the run of its program takes it. */
const endOf = ({ cause, elapsedS, last }: EventData<'StepEnded'>): StepEnd => {
  const { temperatureC, ...values } = last;
  const temperature = temperatureC === null ? {} : { temperatureC };
  return { cause, measurement: { ...values, ...temperature, stepTimeS: elapsedS } };
};

const progressOf = ({ elapsedS, chargeAh, dischargeAh }: Progress): Progress => ({
  ...{ elapsedS, chargeAh, dischargeAh },
});

const closed = (state: Experiment): Experiment => ({ ...state, open: null });

/** A unit that does not switch off is told again and again. */
const refused = (state: Experiment): Experiment => {
  if (!state.open) return state;
  const { kind } = state.open;
  if (mustBeHeard(kind)) return { ...state, open: { ...state.open, isRefused: true } };
  const output = turnsOn(kind) && isNotOnYet(state) ? 'off' : state.output;
  return { ...state, output, isResuming: false, trip: latchAfter(state), open: null };
};

/** A latch that cannot be reset does not keep an experiment from its end: who stands at the station sees to it. */
const latchAfter = ({ ending, open, trip }: Experiment): Trip | null =>
  ending && open?.kind === 'reset-trip' ? null : trip;

export const evolve = (state: ExperimentState, event: ExperimentEvent): ExperimentState => {
  if (event.type === 'ExperimentQueued') return queued(event.data);
  if (isOfImport(event)) {
    if (isExecuted(state)) return state;
    return evolveImport(state.status === 'imported' ? state : undefined, event) ?? state;
  }
  return isExecuted(state) ? withoutNeedless(next(state, event)) : state;
};

/** What an output that is off needs no more. */
const withoutNeedless = (state: Experiment): Experiment => {
  const { output, open, awaitsOff } = state;
  if (output === 'on') return state;
  const isOver = open?.kind === 'output-off' && open.isRefused;
  return awaitsOff || isOver ? { ...state, awaitsOff: false, open: isOver ? null : open } : state;
};

const isOfImport = (event: ExperimentEvent): event is ImportEvent =>
  Object.hasOwn(importEvents, event.type);

const next = (state: Experiment, event: Exclude<ExperimentEvent, ImportEvent>): Experiment => {
  switch (event.type) {
    case 'ExperimentQueued':
      return state;
    case 'ExperimentCancelled':
      return { ...state, status: 'cancelled', isHeld: false };
    case 'ExperimentAssigned':
      return { ...state, status: 'assigned', assigned: event.data };
    case 'ExperimentHeld': {
      const { reason, at } = event.data;
      const { since, attempts } = state.held ?? { since: at, attempts: 0 };
      const held = { reason, since, at, attempts: attempts + 1 };
      // It has no battery and no station any more until they are looked at again.
      const back = { status: 'queued', assigned: null, hasLimits: false } as const;
      return { ...closed(state), ...back, held, isHeld: true };
    }
    case 'InstructionIssued': {
      const { instruction, kind, issuedAt } = event.data;
      const before = state.open?.kind === kind ? state.open : null;
      const { attempt, firstAt } = before ?? { attempt: 0, firstAt: issuedAt };
      const sent = { isSent: false, isRefused: false };
      const open = { instruction, kind, attempt: attempt + 1, firstAt, issuedAt, ...sent };
      const isFirst = mustBeHeard(kind) && state.output === 'on' && !state.awaitsOff;
      const lastOutputOff = isFirst ? instruction : state.lastOutputOff;
      const awaitsOff = isFirst || state.awaitsOff;
      const isAtUnit = state.isAtUnit || kind === 'confirm-limits';
      const output = turnsOn(kind) ? 'on' : state.output;
      const runsOn = hasEnded(state) ? open.firstAt : state.runsOn;
      return { ...state, open, lastOutputOff, awaitsOff, isAtUnit, output, runsOn };
    }
    case 'InstructionRepeated': {
      const { attempt, issuedAt } = event.data;
      return { ...state, open: state.open && { ...state.open, attempt, issuedAt } };
    }
    case 'InstructionSent':
      return { ...state, open: state.open && { ...state.open, isSent: true } };
    case 'InstructionAcknowledged':
      return closed(state);
    case 'InstructionTimedOut':
      return { ...closed(state), isResuming: false, trip: latchAfter(state) };
    case 'InstructionRefused':
      return refused(state);
    case 'LimitsConfirmed':
      return { ...state, hasLimits: true };
    case 'ExperimentStarted':
      return { ...state, status: 'running', output: 'on', isHeld: false };
    case 'StepStarted': {
      const { stepCount, stepId, cycle } = event.data;
      const step = { stepCount, stepId, cycle, isRunning: true };
      return { ...state, step, progress: nothingDone };
    }
    case 'StepEnded': {
      const step = state.step && { ...state.step, isRunning: false };
      return { ...state, step, run: advance(state.plan, state.run, endOf(event.data)) };
    }
    case 'ExperimentPaused':
      return {
        ...state,
        status: 'paused',
        output: 'off',
        progress: nothingDone,
        offSince: { by: 'unit', testTimeS: null, ...event.data },
      };
    case 'ExperimentInterrupted': {
      const { cause } = event.data;
      // One that is interrupted in another way before it goes on is interrupted once.
      const isNew = cause !== 'tripReset' && state.status !== 'interrupted';
      const interruptions = state.interruptions + (isNew ? 1 : 0);
      // Who has lost its power holds no limits any more, and its output is off; who is lost may do anything.
      const lost = cause === 'powerLoss' ? { hasLimits: false, output: 'off' as const } : {};
      const progress = cause === 'tripReset' ? state.progress : progressOf(event.data);
      const stopped = { status: 'interrupted', isResuming: false, interruptions } as const;
      return { ...closed(state), ...lost, ...stopped, progress };
    }
    case 'ResumeRequested':
      // A unit that stands says nothing of a loss of power: it confirms them before it goes on.
      return { ...state, isResuming: true, hasLimits: false };
    case 'ExperimentResumed':
      return { ...state, status: 'running', output: 'on', isResuming: false };
    case 'SafetyTripped': {
      const trip = { number: state.trips + 1, message: event.data.message };
      const progress = progressOf(event.data);
      const tripped = { status: 'tripped', trip, trips: trip.number, progress } as const;
      const found = event.data.isOutputOn ? { output: 'on' as const, foundOn: trip.number } : {};
      return { ...closed(state), ...tripped, ...found, isHeld: false };
    }
    case 'OutputOffConfirmed': {
      const { by, testTimeS, at, progress = state.progress } = event.data;
      const offSince = at === undefined ? null : { by, testTimeS, at };
      const endedAtS = by === 'operator' ? testTimeS : (testTimeS ?? state.endedAtS);
      return { ...state, output: 'off', endedAtS, offSince, progress };
    }
    case 'TripReset':
      return { ...state, trip: null };
    case 'UnitReleased':
      return { ...state, isAtUnit: false };
    case 'ExperimentEnding':
      return { ...closed(state), ending: event.data, isHeld: false };
    case 'ExperimentAborted':
      return { ...state, status: 'aborted', open: null };
    case 'ExperimentFailed':
      return { ...state, status: 'failed', open: null };
    case 'ExperimentCompleted': {
      const { testTimeS } = event.data;
      const over = { status: 'completed', output: 'off', open: null, isAtUnit: false } as const;
      return { ...state, ...over, endedAtS: testTimeS };
    }
  }
};
