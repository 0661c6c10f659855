import type { Bench } from './bench.js';
import { directionOf, lastTimeOf } from './ends.js';
import { planOf } from './plan.js';
import { type End, endsOf, type Program, type Step, type StepOf } from './program.js';
import { resolveStep } from './resolve.js';
import { walk } from './run.js';
import { driveValue } from './set-point.js';

export interface StepEstimate {
  readonly stepId: number;
  readonly executions: number;
  /** Of all executions together, s. */
  readonly totalS: number;
}

export interface Estimate {
  readonly steps: readonly StepEstimate[];
  readonly totalS: number;
  /** By the times that end the steps, s; absent where a step has none. */
  readonly atMostS?: number;
}

const hourS = 3_600;
/** Part of the voltage window that the current of 1 C takes in the cell's resistance. */
const resistance = 0.2;

/**
 * How long a program takes, about. The cell of the estimate has its nominal capacity, an open voltage that rises in a straight
 * line over the battery's limits, and a resistance that takes a fifth of that window at 1 C; it begins empty where the
 * first step with a direction charges, and full otherwise. Jumps back are all taken. A step that only ends by what
 * such a cell does not tell (a temperature, -dV) goes on until the cell is full or empty; a rest then counts nothing.
 */
export const estimate = (program: Program, { battery }: Pick<Bench, 'battery'>): Estimate => {
  const plan = planOf(program);
  const capacities = { measuredCapacityAh: battery.nominalCapacityAh, ...battery };
  const steps = plan.steps.map(({ step }) => resolveStep(step, capacities));
  const first = steps.map(directionOf).find((direction) => direction !== 0);
  const { min = 0, max = min + 1 } = battery.limits.voltageV ?? {};
  const cell = new Cell(battery.nominalCapacityAh, { min, max }, first === 1 ? 0 : 1);
  const found = steps.map((_, index) => ({ stepId: index + 1, executions: 0, totalS: 0 }));
  walk(plan, battery, ({ stepId }) => {
    const step = steps[stepId - 1];
    const sums = found[stepId - 1];
    if (!step || !sums) return;
    sums.executions += 1;
    sums.totalS += cell.execute(step) * hourS;
  });
  const longest = Math.min(...(program.stop ?? []).map((stop) => stop.testTimeS ?? Infinity));
  const atMostS = found.reduce(
    (sum, { executions }, index) => sum + executions * longestOf(steps[index]),
    0,
  );
  return {
    steps: found,
    totalS: Math.min(
      longest,
      found.reduce((sum, { totalS }) => sum + totalS, 0),
    ),
    ...(Math.min(longest, atMostS) < Infinity && { atMostS: Math.min(longest, atMostS) }),
  };
};

const longestOf = (step: Step | undefined): number => {
  if (!step) return 0;
  const drive = step.do === 'drive' ? lastTimeOf(step.points) : Infinity;
  return Math.min(drive, ...endsOf(step).map((end) => end.timeS ?? Infinity));
};

/** Charge as a part of the capacity, voltage as a part of the window, current in C, time in hours. */
class Cell {
  /** Of drive cycles, which are executed again and again. */
  readonly #means = new Map<Step, number>();

  constructor(
    readonly capacityAh: number,
    readonly window: { readonly min: number; readonly max: number },
    /** 0 empty, 1 full. */
    public charge: number,
  ) {}

  /** Executes a step; returns its hours. */
  execute(step: Step): number {
    const volts = (this.window.min + this.window.max) / 2;
    switch (step.do) {
      case 'rest': {
        const hours = this.#most(endsOf(step), 0);
        return hours < Infinity ? hours : 0;
      }
      case 'cc':
        return this.#hold((step.currentA ?? 0) / this.capacityAh, step);
      case 'cp':
        return this.#hold(step.powerW / volts / this.capacityAh, step);
      case 'cr':
        return this.#hold(-volts / step.resistanceOhm / this.capacityAh, step);
      case 'cv':
        return this.#holdVoltage(step.voltageV, step, Infinity);
      case 'cccv': {
        const rate = (step.currentA ?? 0) / this.capacityAh;
        const most = this.#most(endsOf(step), rate);
        const toVoltage = Math.max(
          0,
          (this.#part(step.voltageV) - resistance * rate - this.charge) / rate,
        );
        this.#move(rate * Math.min(most, toVoltage));
        if (most <= toVoltage) return most;
        return toVoltage + this.#holdVoltage(step.voltageV, step, most - toVoltage);
      }
      case 'drive': {
        const hours = longestOf(step) / hourS;
        // What flows at a voltage is for the battery to say.
        if (step.quantity === 'voltage') return hours;
        const amperes = step.quantity === 'current' ? 1 : 1 / volts;
        const mean = this.#meanOf(step);
        this.#move(((mean * amperes) / this.capacityAh) * hours);
        return hours;
      }
    }
  }

  #meanOf(step: StepOf<'drive'>): number {
    const known = this.#means.get(step);
    if (known !== undefined) return known;
    const mean = meanOf((timeS) => driveValue(step, timeS), longestOf(step));
    this.#means.set(step, mean);
    return mean;
  }

  /** A constant current until a condition, or until the cell is full or empty where none tells an end. */
  #hold(rate: number, step: Step): number {
    const byVoltage = endsOf(step).map(({ voltageV }) =>
      voltageV === undefined
        ? Infinity
        : Math.max(0, (this.#part(voltageV) - resistance * rate - this.charge) / rate),
    );
    const most = Math.min(this.#most(endsOf(step), rate), ...byVoltage);
    const hours = most < Infinity ? most : Math.max(0, ((rate > 0 ? 1 : 0) - this.charge) / rate);
    this.#move(rate * hours);
    return hours;
  }

  /** The current falls exponentially, since the open voltage comes nearer to the one that is held. */
  #holdVoltage(voltageV: number, step: Step, most: number): number {
    const gap = this.#part(voltageV) - this.charge;
    const rate = Math.abs(gap) / resistance;
    const byCurrent = endsOf(step).map(({ currentA, powerW }) => {
      const least = currentA ?? (powerW === undefined ? 0 : powerW / voltageV);
      return least > 0
        ? resistance * Math.max(0, Math.log((rate * this.capacityAh) / least))
        : Infinity;
    });
    const until = Math.min(most, this.#most(endsOf(step), rate / 2), ...byCurrent);
    const hours = until < Infinity ? until : 0;
    this.#move(gap * (1 - Math.exp(-hours / resistance)));
    return hours;
  }

  /** Hours until a condition on time, charge or energy is met at a current. */
  #most(ends: readonly End[], rate: number): number {
    const volts = (this.window.min + this.window.max) / 2;
    const amperes = Math.abs(rate) * this.capacityAh;
    const hours = ends.map(({ timeS, capacityAh, energyWh }) => {
      if (timeS !== undefined) return timeS / hourS;
      const ampereHours = capacityAh ?? (energyWh === undefined ? Infinity : energyWh / volts);
      return amperes > 0 ? ampereHours / amperes : Infinity;
    });
    return Math.min(...hours);
  }

  #part(voltageV: number): number {
    return (voltageV - this.window.min) / (this.window.max - this.window.min);
  }

  #move(charge: number): void {
    this.charge = Math.min(1, Math.max(0, this.charge + charge));
  }
}

const meanOf = (valueAt: (timeS: number) => number, lengthS: number): number => {
  const parts = 100;
  let sum = 0;
  for (let part = 0.5; part < parts; part += 1) sum += valueAt((part / parts) * lengthS);
  return sum / parts;
};
