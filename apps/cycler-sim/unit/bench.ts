import type { Limits } from '#cycling/program/limits.js';
import type { SetPoint } from '#cycling/program/set-point.js';

import { type CellState, passed, restedCell, terminalV } from '../cell/cell.js';
import { currentFor } from '../cell/control.js';
import type { CellModel } from '../cell/model.js';
import { SeededRandom } from '../cell/random.js';
import { measured, type Noise, type Reading, type SensorFault } from './sensors.js';

export interface BenchSettings {
  readonly model: CellModel;
  readonly ambientC: number;
  readonly noise: Noise;
  /** What the converter gives, and the sensors read. */
  readonly ranges: Limits;
  readonly seed: number;
  /** State of charge that the cell has at first, 0 to 1. */
  readonly soc: number;
}

/** Plain data: what is on a bench. */
export interface BenchState {
  readonly cell: CellState;
  readonly random: number;
  readonly faults: readonly SensorFault[];
  /** By how much it is warmer around the cell than it should be, K. */
  readonly warmerK: number;
  /** What the converter gives of the current that it is to give. */
  readonly currentFactor: number;
}

/** A converter, a cell and sensors: what a unit has wired to one of its outputs. */
export class Bench {
  private state: BenchState;
  private truth: Reading;

  constructor(
    private readonly settings: BenchSettings,
    state?: BenchState,
  ) {
    const { soc, ambientC, seed, model } = settings;
    this.state = state ?? {
      ...{ cell: restedCell(soc, ambientC), random: seed, faults: [] },
      ...{ warmerK: 0, currentFactor: 1 },
    };
    const { cell } = this.state;
    const voltageV = terminalV(model, cell, 0);
    this.truth = { voltageV, currentA: 0, temperatureC: cell.temperatureC };
  }

  get saved(): BenchState {
    return this.state;
  }

  get ranges(): Limits {
    return this.settings.ranges;
  }

  get isNoisy(): boolean {
    return Object.values(this.settings.noise).every((deviation) => deviation > 0);
  }

  /** What is in truth, and what went through the cell: what no sensor says. */
  get witness(): Reading & Pick<CellState, 'chargeAh' | 'dischargeAh'> {
    const { chargeAh, dischargeAh } = this.state.cell;
    return { ...this.truth, chargeAh, dischargeAh };
  }

  /** Holds a set point for `dtS` seconds until `nowS`, and reads the sensors; 0 s: at its first moment. */
  pass(setPoint: SetPoint, dtS: number, nowS: number): Reading {
    const { model, ranges, noise } = this.settings;
    const { cell, warmerK, currentFactor, faults } = this.state;
    const ambientC = this.settings.ambientC + warmerK;
    const { min: minA = -Infinity, max: maxA = Infinity } = ranges.currentA ?? {};
    const wanted = currentFor(model, cell, setPoint, { dtS, ambientC, minA, maxA });
    const currentA = wanted * currentFactor;
    const after = dtS > 0 ? passed(model, cell, currentA, { dtS, ambientC }) : cell;
    const voltageV = terminalV(model, after, currentA);
    this.truth = { voltageV, currentA, temperatureC: after.temperatureC };
    const random = new SeededRandom(this.state.random);
    const reading = measured(this.truth, noise, random, { faults, nowS });
    this.state = {
      ...this.state,
      ...{ cell: after, random: random.saved },
      faults: faults.filter(({ untilS }) => untilS > nowS),
    };
    return reading;
  }

  fail(fault: SensorFault): void {
    this.state = { ...this.state, faults: [...this.state.faults, fault] };
  }

  change(by: Partial<Pick<BenchState, 'warmerK' | 'currentFactor'>>): void {
    this.state = { ...this.state, ...by };
  }
}
