import type { Bench, BenchDevice, BenchDeviceType } from './bench.js';
import { comparisonOf, directionOf } from './ends.js';
import { intersection, type Limits, type Range } from './limits.js';
import { type Plan, planOf, type StepOperation } from './plan.js';
import { type End, endsOf, type Program, type Step } from './program.js';
import { type Reached, valuesOf } from './reached.js';
import { isResolved, measuresCapacity, resolveStep } from './resolve.js';
import { mayEnd } from './run.js';
import { programErrors } from './validate.js';

/** What speaks against a start (`error`), or should be known before it (`warning`). */
export interface Finding {
  /** JSON pointer into the program. */
  readonly pointer: string;
  readonly severity: 'error' | 'warning';
  readonly code: FindingCode;
  readonly message: string;
}

export type FindingCode =
  | 'PROGRAM_INVALID'
  | 'LIMITS_INCOMPLETE'
  | 'LIMITS_EXCLUDE_EACH_OTHER'
  | 'OUTSIDE_LIMITS'
  | 'OUTSIDE_DEVICE_RANGE'
  | 'AT_LIMIT'
  | 'NO_DEVICE'
  | 'NO_REACHABLE_END'
  | 'END_NEVER_MET'
  | 'END_MET_AT_ONCE'
  | 'NO_VOLTAGE_END'
  | 'TEMPERATURE_NOT_MEASURED'
  | 'CAPACITY_NOT_MEASURED';

type Say = (
  pointer: string,
  severity: Finding['severity'],
  code: FindingCode,
  message: string,
) => void;

const charging: readonly BenchDeviceType[] = ['source', 'bidirectionalSource', 'cycler'];
const discharging: readonly BenchDeviceType[] = ['load', 'bidirectionalSource', 'cycler'];

/** What can be said of a program before its start on this battery with these devices. Without an error it may start. */
export const check = (program: Program, bench: Bench): readonly Finding[] => {
  const findings: Finding[] = [];
  const say: Say = (pointer, severity, code, message) => {
    findings.push({ pointer, severity, code, message });
  };
  for (const { pointer, reason } of programErrors(program)) {
    say(pointer, 'error', 'PROGRAM_INVALID', reason);
  }
  if (findings.length > 0) return findings;
  const plan = planOf(program);
  checkWhole(plan, bench, say);
  for (const operation of plan.steps) checkStep(plan, operation, bench, say);
  return findings;
};

const checkWhole = (
  { program, steps }: Plan,
  { battery, measuresTemperature }: Bench,
  say: Say,
) => {
  for (const quantity of ['voltageV', 'currentA'] as const) {
    const { min, max } = battery.limits[quantity] ?? {};
    if (min !== undefined && max !== undefined) continue;
    const bound = min === undefined ? 'lower' : 'upper';
    say('', 'error', 'LIMITS_INCOMPLETE', `the battery has no ${bound} limit of ${quantity}`);
  }
  const watched = intersection(battery.limits, program.limits).temperatureC;
  if (watched && !measuresTemperature) {
    const message = 'the station measures no temperature, for which there are limits';
    say('', 'warning', 'TEMPERATURE_NOT_MEASURED', message);
  }
  for (const [index, stop] of (program.stop ?? []).entries()) {
    const pointer = `/stop/${String(index)}`;
    if (stop.temperatureC && !measuresTemperature) {
      say(pointer, 'error', 'TEMPERATURE_NOT_MEASURED', 'the station measures no temperature');
    }
    if (stop.capacityRetention !== undefined && !steps.some((one) => measuresCapacity(one.step))) {
      say(
        pointer,
        'error',
        'CAPACITY_NOT_MEASURED',
        'no step of the program measures the capacity',
      );
    }
  }
};

const checkStep = (
  plan: Plan,
  { step: written, stepId, pointer }: StepOperation,
  bench: Bench,
  say: Say,
) => {
  const { battery } = bench;
  const measuredBefore = plan.steps.some(
    (one) => one.stepId < stepId && measuresCapacity(one.step),
  );
  if (!measuredBefore && !isResolved(resolveStep(written, battery))) {
    const message = 'the capacity of the battery is not known, and no step before measures it';
    say(pointer, 'error', 'CAPACITY_NOT_MEASURED', message);
  }
  // Where the run measures it, it will be about this one.
  const step = resolveStep(written, { measuredCapacityAh: battery.nominalCapacityAh, ...battery });
  const limits = intersection(battery.limits, plan.program.limits, step.limits);
  for (const [quantity, { min = -Infinity, max = Infinity }] of Object.entries(limits)) {
    if (min <= max) continue;
    const message = `no ${quantity} keeps the limits of battery, program and step`;
    say(`${pointer}/limits`, 'error', 'LIMITS_EXCLUDE_EACH_OTHER', message);
  }
  if (
    measuresCapacity(step) &&
    !(['voltage', 'current', 'power'] as const).some((cause) => mayEnd(step, cause))
  ) {
    const message = 'a step measures the capacity if it ends by a voltage, a current or a power';
    say(`${pointer}/measures`, 'error', 'CAPACITY_NOT_MEASURED', message);
  }
  checkDevices(step, pointer, bench.devices, say);
  for (const value of valuesOf(written, step, pointer, limits))
    checkValue(value, limits, bench.devices, say);
  checkEnds(step, pointer, limits, bench, say);
};

const checkDevices = (step: Step, pointer: string, devices: readonly BenchDevice[], say: Say) => {
  const has = (types: readonly BenchDeviceType[]) =>
    devices.some((one) => types.includes(one.type));
  const holds = step.do === 'cv' || (step.do === 'drive' && step.quantity === 'voltage');
  const values =
    step.do === 'drive' && !holds ? step.points.map(([, value]) => value) : [directionOf(step)];
  const missing = [
    ...(values.some((value) => value > 0) && !has(charging) ? ['charge'] : []),
    ...(values.some((value) => value < 0) && !has(discharging) ? ['discharge'] : []),
    ...(holds && !has([...charging, ...discharging]) ? ['hold a voltage'] : []),
  ];
  for (const what of missing)
    say(pointer, 'error', 'NO_DEVICE', `no device of the station can ${what}`);
};

const checkValue = (value: Reached, limits: Limits, devices: readonly BenchDevice[], say: Say) => {
  const { quantity, from, to, pointer } = value;
  const isCertain = (range: Range) =>
    from > (range.max ?? Infinity) || to < (range.min ?? -Infinity);
  const isWithin = (range: Range) =>
    to <= (range.max ?? Infinity) && from >= (range.min ?? -Infinity);
  const compare = (range: Range | undefined, code: FindingCode, owner: string) => {
    if (!range || isWithin(range)) return;
    const what = from === to ? String(from) : `${shown(from)} to ${shown(to)}`;
    const sure = isCertain(range) || from === to;
    const message = `${quantity} of ${what} ${sure ? 'is' : 'may come to be'} outside ${owner}, ${textOf(range)}`;
    say(pointer, sure ? 'error' : 'warning', code, message);
  };
  const range = limits[quantity];
  compare(range, 'OUTSIDE_LIMITS', 'the limits of battery, program and step');
  for (const device of devices) {
    if (concerns(device, value)) {
      compare(device.limits?.[quantity], 'OUTSIDE_DEVICE_RANGE', `the range of ${device.name}`);
    }
  }
  if (quantity === 'voltageV' && from === to && (from === range?.min || from === range?.max)) {
    say(
      pointer,
      'warning',
      'AT_LIMIT',
      `${shown(from)} V is the limit itself: what exceeds it by noise trips`,
    );
  }
};

/** Whether the value comes to the device: a source does not discharge, and a load does not charge. */
const concerns = ({ type }: BenchDevice, { quantity, from, to }: Reached): boolean =>
  quantity === 'voltageV' || (type === 'source' ? to > 0 : type === 'load' ? from < 0 : true);

const shown = (value: number): string => String(Number(value.toPrecision(6)));

const textOf = ({ min, max }: Range): string =>
  [
    ...(min === undefined ? [] : [`at least ${String(min)}`]),
    ...(max === undefined ? [] : [`at most ${String(max)}`]),
  ].join(' and ');

const checkEnds = (step: Step, pointer: string, limits: Limits, bench: Bench, say: Say) => {
  const ends = endsOf(step);
  let met = ends.length;
  for (const [index, end] of ends.entries()) {
    const own = `${pointer}/until/${String(index)}`;
    if (end.voltageV !== undefined) {
      const value = {
        pointer: own,
        quantity: 'voltageV',
        from: end.voltageV,
        to: end.voltageV,
      } as const;
      checkValue(value, limits, bench.devices, say);
    }
    if (end.temperatureC !== undefined && !bench.measuresTemperature) {
      say(own, 'error', 'TEMPERATURE_NOT_MEASURED', 'the station measures no temperature');
    }
    const currentA = step.do === 'cccv' ? Math.abs(step.currentA ?? 0) : Infinity;
    if (
      end.currentA !== undefined &&
      end.currentA >= currentA &&
      comparisonOf(step, end) === 'atMost'
    ) {
      say(own, 'error', 'END_MET_AT_ONCE', 'the step begins with no more than this current');
    }
    const never = neverMet(step, end, limits);
    if (never === undefined) continue;
    met -= 1;
    say(own, 'warning', 'END_NEVER_MET', never);
  }
  if (met === 0 && step.do !== 'drive') {
    say(`${pointer}/until`, 'error', 'NO_REACHABLE_END', 'none of its conditions can end the step');
  }
  if (['cc', 'cp', 'cr'].includes(step.do) && !mayEnd(step, 'voltage')) {
    say(
      pointer,
      'warning',
      'NO_VOLTAGE_END',
      'no voltage ends the step: only limits keep it from too much',
    );
  }
};

/** Why a condition cannot be met: what would meet it is beyond what the step holds, or beyond a limit, which trips before. */
const neverMet = (step: Step, end: End, limits: Limits): string | undefined => {
  const comparison = comparisonOf(step, end);
  const beyond = (value: number, { min = -Infinity, max = Infinity }: Range = {}) =>
    comparison === 'atLeast' ? value > max : value < min;
  if (end.voltageV !== undefined) {
    const held = step.do === 'cccv' ? { min: step.voltageV, max: step.voltageV } : undefined;
    if (beyond(end.voltageV, held)) return 'the step holds its own voltage before';
    if (beyond(end.voltageV, limits.voltageV)) return 'the limit of the voltage trips before';
  }
  if (end.temperatureC !== undefined && beyond(end.temperatureC, limits.temperatureC)) {
    return 'the limit of the temperature trips before';
  }
  const { min = -Infinity, max = Infinity } = limits.currentA ?? {};
  return end.currentA !== undefined &&
    comparison === 'atLeast' &&
    end.currentA > Math.max(-min, max)
    ? 'the limit of the current trips before'
    : undefined;
};
