import type { Program } from '../program/program.js';
import type { Instruction, Lease, Resend } from './instructions.js';
import type {
  Birth,
  CyclerSamplesMessage,
  Detection,
  InstructionAck,
  LinkState,
  StepMessage,
} from './messages.js';

// One valid body of each message, for the document of the protocol and its tests.

const experiment = '4f0c1a52-7f0e-5d0b-9a55-0d6b0c6f1e21';
const station = '5f2a3f0e-9a93-5f5c-8a43-1f0a3a0f7c55';
const instruction = '7d0a4f6e-2d49-5a3b-9f1f-64cf5f2f4a10';
const of = { instruction, station, experiment };
const at = '2026-05-04T11:00:00.000Z';
const program: Program = {
  steps: [
    {
      loop: [
        { do: 'cccv', currentA: 1.3, voltageV: 4.2, until: [{ currentA: 0.13 }] },
        { do: 'rest', until: [{ timeS: 600 }] },
        { do: 'cc', currentA: -1.3, until: [{ voltageV: 3 }] },
      ],
      times: 10,
    },
  ],
  record: { everyS: 10, dV: 0.005 },
};

export const instructionExamples = {
  'confirm-limits': {
    ...{ ...of, kind: 'confirm-limits', devices: ['SIM-1'], persistenceS: 0.5 },
    limits: {
      voltageV: { min: 2.5, max: 4.25 },
      currentA: { min: -6, max: 3 },
      temperatureC: { min: 0, max: 55 },
    },
  },
  start: { ...of, kind: 'start', program, nominalCapacityAh: 2.6 },
  resume: {
    ...{ ...of, kind: 'resume', measuredCapacityAh: 2.5 },
    at: { stepCount: 7, stepTimeS: 340, chargeAh: 0, dischargeAh: 0.12 },
  },
  pause: { ...of, kind: 'pause' },
  stop: { ...of, kind: 'stop' },
  'output-off': { ...of, kind: 'output-off' },
  'reset-trip': { ...of, kind: 'reset-trip' },
  detect: { kind: 'detect', instruction, requestId: instruction },
} as const satisfies { readonly [K in Instruction['kind']]: Instruction & { readonly kind: K } };

export const resendExample: Resend = { type: 'resend', session: 'boot-17', from: 12, to: 14 };
export const leaseExample: Lease = { untilS: 1_777_892_415 };
export const birthExample: Birth = { type: 'cycler-unit', protocol: 1, firmware: '2.4.1' };
export const stateExample: LinkState = { state: 'online' };

export const samplesExample: CyclerSamplesMessage = {
  ...{ experiment, station, t0: at, testTimeS: [0, 10, 20] },
  ...{ stepCount: [1, 1, 1], stepId: [1, 1, 1], cycle: [1, 1, 1] },
  ...{ voltageV: [3.61, 3.68, 3.69], currentA: [1.3, 1.3, 1.3], temperatureC: [25, 25, 25.1] },
  channels: { cell1V: [3.61, 3.68, 3.69] },
};

const stepStarted: StepMessage = {
  ...{ experiment, station, what: 'started', stepCount: 1, stepId: 1, cycle: 1 },
  ...{ testTimeS: 0, at, durationS: 0, chargeAh: 0, dischargeAh: 0, chargeWh: 0, dischargeWh: 0 },
  ...{ voltageV: 3.61, currentA: 1.3, temperatureC: 25 },
};
const stepAfter: StepMessage = {
  ...{ ...stepStarted, testTimeS: 4_200, durationS: 4_200 },
  ...{ chargeAh: 1.41, chargeWh: 5.6, voltageV: 4.2, currentA: 0.13, temperatureC: 26.2 },
};
/** Those that say most, by what happened. */
export const stepExamples: readonly StepMessage[] = [
  stepStarted,
  { ...stepAfter, what: 'ended', cause: 'current' },
  {
    ...{ ...stepAfter, what: 'tripped', cause: 'trip', currentA: 0 },
    trip: { reason: 'limit', quantity: 'voltageV', bound: 'max', limit: 4.25, value: 4.27 },
  },
  { ...stepAfter, what: 'safe', cause: 'lost', currentA: 0 },
  { ...stepAfter, what: 'interrupted', cause: 'lost', currentA: 0, gapS: 340 },
];

export const ackExamples: readonly InstructionAck[] = [
  { type: 'instruction', instruction, experiment, status: 'done', state: 'running', at },
  {
    type: 'instruction',
    instruction,
    experiment,
    status: 'done',
    state: 'tripped',
    currentA: 0,
    at,
  },
  {
    ...{ type: 'instruction', instruction, experiment, status: 'refused', at },
    ...{ state: 'idle', reason: 'voltageV is 4.31; its max is 4.25', about: 'experiment' },
  },
];

const device: Detection['devices'][number] = {
  ...{ serialNumber: 'SIM-1', type: 'cycler', manufacturer: 'Voltrace' },
  ...{ model: 'Simulated cycler', firmware: '1', linkName: 'output-1' },
};
/** A unit to which nothing is connected says so too. */
export const detectionExamples: readonly Detection[] = [
  { type: 'detection', instruction, requestId: instruction, devices: [device] },
  { type: 'detection', instruction, requestId: instruction, devices: [] },
];
