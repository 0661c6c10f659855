import { Type } from 'typebox';
import { Errors } from 'typebox/value';

import type { Program } from '#cycling/program/program.js';
import {
  cyclerSamplesSchema,
  detectionSchema,
  instructionAckSchema,
  type StepMessage,
  stepMessageSchema,
} from '#cycling/protocol/messages.js';

import { analyticCell } from '../cell/model.js';
import type { Fault } from './faults.js';
import type { SavedStation } from './saved-station.js';
import type { Witness } from './station.js';
import { type SavedUnit, Unit, type UnitMessage } from './unit.js';

/** Simulated time at the beginning: seconds since 1970. */
export const beganS = Date.UTC(2026, 0, 1) / 1_000;
export const limits = {
  voltageV: { min: 2.5, max: 4.25 },
  currentA: { min: -6, max: 6 },
  temperatureC: { min: 0, max: 45 },
};

interface Options {
  readonly soc?: number;
  readonly stepS?: number;
  readonly leaseS?: number;
  readonly isNoisy?: boolean;
}

/** A unit of one output on a bench of the tests: it is told what time it is, and all that it says is kept. */
export class TestBench {
  readonly messages: UnitMessage[] = [];
  readonly witnesses: Witness[] = [];
  private unit: Unit;
  kept: { readonly unit: SavedUnit; readonly stations: Readonly<Record<string, SavedStation>> };
  private nowS = beganS;
  private instructions = 0;

  constructor(private readonly options: Options = {}) {
    this.unit = this.powered();
    this.kept = { unit: this.unit.saved, stations: { ...this.unit.savedStations } };
  }

  private powered(saved?: ConstructorParameters<typeof Unit>[3]): Unit {
    const { soc = 0.5, stepS = 1, leaseS, isNoisy = true } = this.options;
    const settings = {
      ...{ model: analyticCell(2.6), ambientC: 25, soc, seed: 1, stepS, stuckS: 30, channels: [] },
      noise: isNoisy
        ? { voltageV: 0.0002, currentA: 0.0005, temperatureC: 0.02 }
        : { voltageV: 0, currentA: 0, temperatureC: 0 },
      ranges: { voltageV: { min: 0, max: 6 }, currentA: { min: -10, max: 10 } },
    };
    const outputs = [{ serialNumber: 'sim-1', settings }];
    return new Unit(
      { outputs, leaseS, flushS: 1 },
      this.nowS,
      (_, witness) => {
        this.witnesses.push(witness);
      },
      saved,
    );
  }

  instruct(kind: string, more: object = {}): UnitMessage | undefined {
    this.instructions += 1;
    const instruction = `i-${String(this.instructions)}`;
    const named = { station: 'station-a', experiment: 'experiment-a' };
    this.unit.follow({ instruction, kind, ...(kind !== 'detect' && named), ...more }, this.nowS);
    return this.collect().findLast(({ kind: one }) => one === 'acks');
  }

  start(program: Program, more: object = {}): UnitMessage | undefined {
    this.instruct('confirm-limits', { limits, devices: ['sim-1'], ...more });
    return this.instruct('start', { program, nominalCapacityAh: 2.6 });
  }

  /** Lets time pass, in ticks of a length. Simulated and real time are one here. */
  pass(seconds: number, tickS = 10): void {
    const untilS = this.nowS + seconds;
    while (this.nowS < untilS - 1e-9) {
      this.nowS = Math.min(untilS, this.nowS + tickS);
      this.unit.tick(this.nowS, this.nowS);
      this.collect();
    }
  }

  /** Until nothing more happens. */
  passUntil(what: StepMessage['what'], maxS: number): void {
    for (let passed = 0; passed < maxS && this.steps.at(-1)?.what !== what; passed += 60) {
      this.pass(60);
    }
  }

  lease(forS: number): void {
    this.unit.renewLease(forS, this.nowS);
  }

  inject(fault: Fault): void {
    this.unit.inject(fault);
  }

  /** Power goes and comes back: what was kept with the last messages is what the unit knows. */
  losePower(seconds: number): void {
    this.nowS += seconds;
    const json = JSON.stringify({ ...this.kept.unit, stations: this.kept.stations });
    this.unit = this.powered(JSON.parse(json) as ConstructorParameters<typeof Unit>[3]);
    this.collect();
  }

  get truth() {
    const truth = this.unit.witness('sim-1');
    if (!truth) throw new Error('there is no such output');
    return truth;
  }

  get steps(): StepMessage[] {
    return this.messages.flatMap((one) => (one.kind === 'steps' ? [one.body] : []));
  }

  /** What happened, in short. */
  get story(): string[] {
    return this.steps.map(
      ({ what, stepCount, cause }) =>
        `${what} ${stepCount}${cause === undefined ? '' : ` ${cause}`}`,
    );
  }

  get rows() {
    return this.messages.flatMap((one) => {
      if (one.kind !== 'samples') return [];
      const { t0, testTimeS, stepCount, stepId, cycle, voltageV, currentA, temperatureC } =
        one.body;
      return testTimeS.map((timeS, row) => ({
        ...{ testTimeS: timeS, utcMs: Date.parse(t0) + 1_000 * (timeS - (testTimeS[0] ?? 0)) },
        ...{ stepCount: stepCount[row] ?? 0, stepId: stepId[row] ?? 0, cycle: cycle[row] ?? 0 },
        ...{ voltageV: voltageV[row] ?? 0, currentA: currentA[row] ?? 0 },
        temperatureC: temperatureC[row] ?? 0,
      }));
    });
  }

  private collect(): readonly UnitMessage[] {
    const { messages, stations } = this.unit.take(this.nowS);
    this.kept = { unit: this.unit.saved, stations: { ...this.kept.stations, ...stations } };
    this.messages.push(...messages);
    for (const { kind, body } of messages) requireValid(kind, body);
    return messages;
  }
}

const schemas = {
  samples: cyclerSamplesSchema,
  steps: stepMessageSchema,
  acks: Type.Union([instructionAckSchema, detectionSchema]),
};

/** The server takes nothing else. */
const requireValid = (kind: UnitMessage['kind'], body: object): void => {
  const [error] = Errors(schemas[kind], body);
  if (error) throw new Error(`${kind}${error.instancePath}: ${error.message}`);
};

type Rows = TestBench['rows'];

/** Charged and discharged Ah by straight lines between the rows of each executed step. */
export const integrated = (rows: Rows): { chargeAh: number; dischargeAh: number } => {
  let [chargeAh, dischargeAh] = [0, 0];
  for (const [index, row] of rows.entries()) {
    const before = rows[index - 1];
    if (before?.stepCount !== row.stepCount) continue;
    const ah = ((row.currentA + before.currentA) / 2 / 3_600) * (row.testTimeS - before.testTimeS);
    if (ah > 0) chargeAh += ah;
    else dischargeAh -= ah;
  }
  return { chargeAh, dischargeAh };
};

/** CC-CV and CC, with rests: a program of cycles. */
export const cycling = (times: number): Program => ({
  steps: [
    {
      loop: [
        { do: 'cccv', currentA: 1.3, voltageV: 4.2, until: [{ currentA: 0.13 }] },
        { do: 'rest', until: [{ timeS: 600 }] },
        { do: 'cc', currentA: -1.3, until: [{ voltageV: 3 }] },
        { do: 'rest', until: [{ timeS: 600 }] },
      ],
      times,
    },
  ],
  record: { everyS: 10, dA: 0.05 },
});

export const charge = (currentA: number): Program => ({
  steps: [{ do: 'cc', currentA, until: [{ timeS: 36_000 }] }],
});

export const last = <T>(list: readonly T[]): T => {
  const item = list.at(-1);
  if (item === undefined) throw new Error('there is none');
  return item;
};
