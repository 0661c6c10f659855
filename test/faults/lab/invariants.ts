import { keyForfeited } from '#event-log/key/forfeited.js';

import type { LoggedEvent } from '../checks.js';
import {
  type ExperimentLog,
  experimentLogs,
  experimentOf,
  isOfExperiment,
  numberOf,
  terminal,
  textOf,
} from './experiment-log.js';

/** DESIGN 9, and what a machine that others keep busy is late by. */
const offWithinMs = 2_000 + 2_000;

/** What the log of a lab must never hold, whatever was killed when (domain 7.2). */
export const labFaults = (log: readonly LoggedEvent[]): readonly string[] => [
  ...exclusiveFaults(log),
  ...alarmFaults(log),
  ...experimentLogs(log).flatMap((experiment) => [
    ...stepFaults(experiment),
    ...startFaults(experiment),
    ...instructionFaults(experiment),
    ...tripFaults(experiment, log),
    ...endFaults(experiment),
  ]),
];

/** One experiment at a time has a station, a battery, and each device. */
const exclusiveFaults = (log: readonly LoggedEvent[]): readonly string[] => {
  const holders = new Map<string, string>();
  const requests = new Map<string, LoggedEvent>();
  const faults: string[] = [];
  for (const event of log.filter(isOfExperiment)) {
    const id = experimentOf(event);
    if (event.type === 'ExperimentQueued') requests.set(id, event);
    if (event.type === 'ExperimentAssigned') {
      const request = requests.get(id);
      const devices = event.data['devices'] as readonly { readonly deviceId: string }[];
      const things = [
        ...['stationId', 'batteryId'].map((name) => (request ? textOf(request, name) : '?')),
        ...devices.map(({ deviceId }) => deviceId),
      ];
      for (const thing of things) {
        const holder = holders.get(thing) ?? id;
        if (holder !== id) faults.push(`${id} has ${thing}, which ${holder} has`);
        holders.set(thing, id);
      }
    }
    if (terminal.includes(event.type) || event.type === 'ExperimentHeld') {
      for (const [thing, holder] of holders) if (holder === id) holders.delete(thing);
    }
  }
  return faults;
};

/** What an alarm is about is over when its experiment is; that one has failed stands until somebody knows. */
const alarmFaults = (log: readonly LoggedEvent[]): readonly string[] => {
  const raised = new Map<string, string>();
  for (const event of log) {
    const { type, stream } = event;
    if (type === 'CyclerAlarmRaised' && event.data['kind'] !== 'experimentFailed') {
      raised.set(stream, `${textOf(event, 'experimentId')}: ${textOf(event, 'kind')}`);
    }
    if (type === 'CyclerAlarmCleared') raised.delete(stream);
  }
  return [...raised.values()].map((alarm) => `${alarm} is raised in the end`);
};

/** Step counts grow by one, and each step ends once, before the next one begins. */
const stepFaults = ({ id, events }: ExperimentLog): readonly string[] => {
  const faults: string[] = [];
  let count = 0;
  let isRunning = false;
  let testTimeS = 0;
  for (const event of events) {
    if (event.type !== 'StepStarted' && event.type !== 'StepEnded') continue;
    const of = numberOf(event, 'stepCount');
    const isStart = event.type === 'StepStarted';
    if (isStart ? isRunning || of !== count + 1 : !isRunning || of !== count) {
      const running = isRunning ? 'running' : 'ended';
      faults.push(`${id}: ${event.type} ${String(of)} after step ${String(count)}, ${running}`);
    }
    if (numberOf(event, 'testTimeS') < testTimeS) {
      faults.push(`${id}: ${event.type} ${String(of)} goes back in time`);
    }
    testTimeS = numberOf(event, 'testTimeS');
    count = of;
    isRunning = isStart;
  }
  return faults;
};

/** The unit holds the limits whenever its output goes on: not any more after it had no power. */
const startFaults = ({ id, events }: ExperimentLog): readonly string[] => {
  const faults: string[] = [];
  let hasLimits = false;
  let starts = 0;
  for (const event of events) {
    if (event.type === 'LimitsConfirmed') hasLimits = true;
    if (event.type === 'ExperimentInterrupted' && event.data['cause'] === 'powerLoss') {
      hasLimits = false;
    }
    if (event.type === 'ExperimentStarted') starts += 1;
    const goesOn = ['ExperimentStarted', 'ExperimentResumed'].includes(event.type);
    if (goesOn && !hasLimits) faults.push(`${id}: ${event.type} without limits`);
  }
  if (starts > 1) faults.push(`${id} was started ${String(starts)} times`);
  return faults;
};

/** What a unit is told is decided once, whoever supervises it. */
const instructionFaults = ({ id, events }: ExperimentLog): readonly string[] => {
  const issued = events.filter(({ type }) => type === 'InstructionIssued');
  const ids = new Set(issued.map((event) => textOf(event, 'instruction')));
  const twice = issued.length - ids.size;
  return twice > 0 ? [`${id}: ${String(twice)} instructions were issued twice`] : [];
};

/** A trip is followed by an output that is off, or by an alarm that escalates; and nothing goes on until it is reset. */
const tripFaults = (
  { id, events }: ExperimentLog,
  log: readonly LoggedEvent[],
): readonly string[] => {
  const faults: string[] = [];
  let output: 'on' | 'off' = 'off';
  let latched = false;
  let instruction = '';
  let onSince: LoggedEvent | undefined;
  for (const event of events) {
    if (event.type === 'InstructionIssued') instruction = textOf(event, 'kind');
    if (turnsOn(event, instruction)) output = 'on';
    if (turnsOff(event, instruction)) {
      if (onSince) faults.push(...lateOff(id, onSince, event, log));
      [output, onSince] = ['off', undefined];
    }
    if (event.type === 'SafetyTripped') {
      latched = true;
      if (output === 'on') onSince ??= event;
    }
    if (event.type === 'TripReset') latched = false;
    if (latched && goesOn(event, instruction)) faults.push(`${id}: ${event.type} while tripped`);
  }
  if (output === 'on') faults.push(`${id}: its output is on in the end`);
  return faults;
};

const goesOn = ({ type }: LoggedEvent, instruction: string): boolean =>
  type === 'ExperimentResumed' ||
  type === 'ResumeRequested' ||
  (type === 'InstructionIssued' && (instruction === 'start' || instruction === 'resume'));

const turnsOn = ({ type }: LoggedEvent, instruction: string): boolean =>
  ['ExperimentStarted', 'ExperimentResumed'].includes(type) ||
  (type === 'InstructionIssued' && ['start', 'resume'].includes(instruction));

const turnsOff = ({ type, data }: LoggedEvent, instruction: string): boolean =>
  ['OutputOffConfirmed', 'ExperimentPaused', 'ExperimentCompleted'].includes(type) ||
  (type === 'ExperimentInterrupted' && data['cause'] === 'powerLoss') ||
  (type === 'InstructionRefused' && ['start', 'resume'].includes(instruction));

const lateOff = (
  id: string,
  tripped: LoggedEvent,
  off: LoggedEvent,
  log: readonly LoggedEvent[],
): readonly string[] => {
  const tookMs = Date.parse(off.recordedAt) - Date.parse(tripped.recordedAt);
  if (tookMs <= offWithinMs) return [];
  const alarms = new Set(
    log
      .filter(({ type, data }) => type === 'CyclerAlarmRaised' && data['experimentId'] === id)
      .filter(({ data }) => data['kind'] === 'outputOffNotConfirmed')
      .map(({ stream }) => stream),
  );
  const escalated = log.some(
    ({ stream, type, recordedAt }) =>
      type === 'CyclerAlarmEscalated' && alarms.has(stream) && recordedAt >= tripped.recordedAt,
  );
  const took = `${String(Math.round(tookMs / 100) / 10)} s`;
  return escalated ? [] : [`${id}: off ${took} after a trip, and no alarm escalated`];
};

/** Each comes to an end, and nothing is said of it after that. */
const endFaults = ({ id, events }: ExperimentLog): readonly string[] => {
  const end = events.findIndex(({ type }) => terminal.includes(type));
  if (end < 0) return [`${id} has not ended: ${events.at(-1)?.type ?? ''}`];
  const after = events.slice(end + 1).map(({ type }) => type);
  // A key that somebody else wanted is given back by a note in the stream of who has it no more.
  return after
    .filter((type) => type !== keyForfeited)
    .map((type) => `${id}: ${type} after its end`);
};
