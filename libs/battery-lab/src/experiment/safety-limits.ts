import { intersection, type Limits } from '#cycling/program/limits.js';
import { type FieldError, Refusal } from '#kernel/refusal.js';

import type { Battery } from '../battery/document.js';
import type { CyclerDevice } from '../device/document.js';
import type { Station } from '../station/document.js';
import type { SafetyLimits } from './events.js';

type Role = Station['devices'][number]['role'];

/** A device of a station with what it does there. */
export interface Equipped {
  readonly role: Role;
  readonly device: Pick<CyclerDevice, 'ranges'>;
}

/**
 * What must never be left: the intersection of what battery, devices and program allow. Of a source only the charging side
 * of its range counts, of a load the other one; what only measures limits nothing. Throws where it leaves nothing.
 */
export const safetyLimits = (
  battery: Pick<Battery, 'limits'>,
  equipment: readonly Equipped[],
  program: Limits | undefined,
  persistenceS: number,
): SafetyLimits => {
  const { voltageV, currentA, temperatureC } = intersection(
    ofBattery(battery),
    ...equipment.map(ofDevice),
    program,
  );
  const errors: FieldError[] = [];
  const range = (name: string, { min, max }: { min?: number; max?: number } = {}) => {
    if (min === undefined || max === undefined || min > max) {
      const reason = `expected a ${name} that battery, devices and program all allow`;
      errors.push({ pointer: '/stationId', reason });
    }
    return { min: min ?? 0, max: max ?? 0 };
  };
  const limits = {
    voltageV: range('voltage', voltageV),
    currentA: range('current', currentA),
    temperatureC: temperatureC ? range('temperature', temperatureC) : null,
    persistenceS,
  };
  if (errors.length === 0) return limits;
  throw new Refusal('LIMITS_EMPTY', 'unprocessable', 'no program could run within the limits', {
    errors,
  });
};

/** Whether limits that were found earlier leave nothing that is not allowed now. */
export const areWithin = (earlier: SafetyLimits, now: SafetyLimits): boolean =>
  (['voltageV', 'currentA', 'temperatureC'] as const).every((quantity) => {
    const [had, allowed] = [earlier[quantity], now[quantity]];
    return !allowed || (had && had.min >= allowed.min && had.max <= allowed.max);
  });

const ofBattery = ({
  limits: { voltageV, currentA, temperatureC },
}: Pick<Battery, 'limits'>): Limits => ({
  voltageV,
  currentA,
  temperatureC,
});

const ofDevice = ({ role, device: { ranges } }: Equipped): Limits | undefined => {
  if (role === 'measurement' || !ranges) return undefined;
  const { voltageV, currentA } = ranges;
  return { ...(voltageV && { voltageV }), ...(currentA && sideOf(role, currentA)) };
};

const sideOf = (
  role: Role,
  { min, max }: { readonly min: number; readonly max: number },
): Limits => {
  if (role === 'source') return { currentA: { max } };
  return role === 'load' ? { currentA: { min } } : { currentA: { min, max } };
};
