import type { Resistance } from '#cycling/statistics/step.js';
import type { Cell, Column } from '#http/export.js';

import type { CycleResponse, StepStatisticsResponse } from './statistics-responses.http.js';

/** Members in the order of the columns; the names of the columns are theirs in snake case, with the unit in the end. */
const cycleMembers = [
  ...['cycle', 'ended', 'begins', 'firstStepCount', 'lastStepCount', 'steps', 'records'],
  ...['startS', 'endS', 'startedAt', 'endedAt'],
  ...['chargeAh', 'dischargeAh', 'chargeWh', 'dischargeWh'],
  ...['specificChargeMahPerG', 'specificDischargeMahPerG'],
  ...['coulombicEfficiency', 'energyEfficiency', 'capacityRetention'],
  ...['throughputAh', 'testThroughputAh', 'equivalentFullCycles'],
  ...['meanChargeV', 'meanDischargeV', 'endOfChargeV', 'endOfDischargeV', 'minV', 'maxV'],
  ...['minC', 'maxC', 'meanC', 'missingS'],
] as readonly (keyof CycleResponse)[];

const stepMembers = [
  ...['stepCount', 'stepId', 'cycle', 'kind', 'ended', 'records'],
  ...['startS', 'endS', 'startedAt', 'endedAt'],
  ...['chargeAh', 'dischargeAh', 'chargeWh', 'dischargeWh'],
  ...['startV', 'endV', 'minV', 'maxV', 'meanV', 'startA', 'endA', 'minA', 'maxA'],
  ...['minC', 'maxC', 'meanC', 'missingS', 'missingBeforeS', 'missingAfterS', 'coveredS'],
] as readonly (keyof StepStatisticsResponse)[];

/** `firstStepCount` -> `first_step_count`. */
export const snakeCase = (member: string): string =>
  member.replaceAll(/(?<=.)[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const columnsOf = <T>(members: readonly (keyof T & string)[]): readonly Column<T>[] =>
  members.map((member) => ({ name: snakeCase(member), value: (row) => row[member] as Cell }));

const resistance = <T>(name: string, of: (row: T) => Resistance | null): readonly Column<T>[] => [
  { name: `${name}_ohm`, value: (row) => of(row)?.ohm },
  { name: `${name}_after_s`, value: (row) => of(row)?.afterS },
];

export const cycleColumns: readonly Column<CycleResponse>[] = [
  ...columnsOf(cycleMembers),
  { name: 'partial', value: ({ partial }) => partial.join(' ') },
  ...resistance<CycleResponse>('charge_resistance', (row) => row.chargeResistance),
  ...resistance<CycleResponse>('discharge_resistance', (row) => row.dischargeResistance),
];

export const stepColumns: readonly Column<StepStatisticsResponse>[] = [
  ...columnsOf(stepMembers),
  ...resistance<StepStatisticsResponse>('resistance', (row) => row.resistance),
];
