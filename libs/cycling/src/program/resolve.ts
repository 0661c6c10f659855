import { type End, mapSteps, type Program, type Step, stepsOf } from './program.js';

/** What 1 C stands for, Ah. */
export interface Capacities {
  readonly nominalCapacityAh: number;
  /** Absent where it was never measured. */
  readonly measuredCapacityAh?: number;
}

type Rated = Pick<End, 'currentA' | 'cRate' | 'of'>;

/** With the C-rate in amperes, where the capacity that it relates to is known. */
const inAmperes = <R extends Rated>(rated: R, capacities: Capacities): R => {
  const { cRate, of = 'nominal', ...others } = rated;
  const capacityAh =
    of === 'nominal' ? capacities.nominalCapacityAh : capacities.measuredCapacityAh;
  return cRate === undefined || capacityAh === undefined
    ? rated
    : ({ ...others, currentA: cRate * capacityAh } as unknown as R);
};

/** The step with its C-rates in amperes; those of a measured capacity stay as they are while it is not known. */
export const resolveStep = (step: Step, capacities: Capacities): Step => {
  const rated = step.do === 'cc' || step.do === 'cccv' ? inAmperes(step, capacities) : step;
  return rated.until
    ? { ...rated, until: rated.until.map((end) => inAmperes(end, capacities)) }
    : rated;
};

/** Whether a C-rate is left in the step. */
export const isResolved = (step: Step): boolean =>
  !('cRate' in step) && !(step.until ?? []).some((end) => 'cRate' in end);

export const measuresCapacity = (step: Step): boolean => step.measures === 'capacity';

/**
 * The program that a unit is given, with set points in amperes. C-rates of the measured capacity become amperes as well,
 * except where a step of the program measures the capacity: there they stay, and the run resolves each when its step
 * begins, by the newest capacity (`stepOf`).
 */
export const resolve = (program: Program, capacities: Capacities): Program => {
  const known: Capacities = stepsOf(program.steps).some(measuresCapacity)
    ? { nominalCapacityAh: capacities.nominalCapacityAh }
    : capacities;
  return mapSteps(program, (step) => resolveStep(step, known));
};
