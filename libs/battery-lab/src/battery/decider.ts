import type { CommandOf } from '#kernel/command.js';
import type { Decider } from '#kernel/decider.js';
import { differences } from '#kernel/differences.js';
import { type FieldError, Refusal } from '#kernel/refusal.js';

import { batteryUnderTest, textKey } from '../keys.js';
import { rangeErrors } from '../ranges.js';
import { type Battery, type BatteryState, evolveBattery } from './document.js';
import { batteryCategory, type BatteryEvent, batteryEvents, chemistries } from './events.js';

type DataOf<T extends BatteryEvent['type']> = Extract<BatteryEvent, { type: T }>['data'];

/** That a product is there is looked up before a command names it. */
export type BatteryCommand = CommandOf<{
  RegisterBattery: DataOf<'BatteryRegistered'>;
  RenameBattery: DataOf<'BatteryRenamed'>;
  ReviseBatteryLimits: DataOf<'BatteryLimitsRevised'>;
  SetBatteryProduct: DataOf<'BatteryProductSet'>;
  RetireBattery: DataOf<'BatteryRetired'>;
}>;

const limitErrors = ({ limits }: DataOf<'BatteryLimitsRevised'>): readonly FieldError[] => {
  const { voltageV, currentA, temperatureC } = limits;
  const errors = rangeErrors('/limits', { voltageV, currentA, temperatureC });
  if (currentA.min <= 0 && currentA.max >= 0) return errors;
  const reason = 'expected a range with 0 A in it: negative currents discharge';
  return [...errors, { pointer: '/limits/currentA', reason }];
};

const chemistryErrors = (data: DataOf<'BatteryRegistered'>): readonly FieldError[] => {
  const { technology, chemistry, redoxFlow } = data;
  const errors: FieldError[] = [];
  const known: readonly string[] = chemistries[technology];
  if (!known.includes(chemistry)) {
    const reason = `expected one of ${known.join(', ')} for ${technology}`;
    errors.push({ pointer: '/chemistry', reason });
  }
  if ((technology === 'redoxFlow') !== (redoxFlow !== null)) {
    const reason = redoxFlow ? `expected none for ${technology}` : 'expected the data of the stack';
    errors.push({ pointer: '/redoxFlow', reason });
  }
  const { electrolytes = [] } = redoxFlow ?? {};
  if (new Set(electrolytes.map(({ polarity }) => polarity)).size < electrolytes.length) {
    const reason = 'expected at most one for each polarity';
    errors.push({ pointer: '/redoxFlow/electrolytes', reason });
  }
  const flows = electrolytes.flatMap(({ flowLPerMin }, at) =>
    rangeErrors(`/redoxFlow/electrolytes/${String(at)}`, { flowLPerMin }),
  );
  return [...errors, ...flows];
};

const refuseWrong = (errors: readonly FieldError[]): void => {
  if (errors.length === 0) return;
  throw new Refusal('BATTERY_INVALID', 'unprocessable', 'this is no battery that can be tested', {
    errors,
  });
};

const change = (command: BatteryCommand, state: Battery): readonly BatteryEvent[] => {
  if (command.type === 'RetireBattery') {
    return state.status === 'retired' ? [] : [{ type: 'BatteryRetired', data: {} }];
  }
  if (state.status === 'retired') throw retiredBattery();
  switch (command.type) {
    case 'RegisterBattery':
      throw batteryExists();
    case 'RenameBattery':
      if (command.data.name === state.name) return [];
      return [{ type: 'BatteryRenamed', data: command.data }];
    case 'ReviseBatteryLimits':
      refuseWrong(limitErrors(command.data));
      if (differences(state.limits, command.data.limits).length === 0) return [];
      return [{ type: 'BatteryLimitsRevised', data: command.data }];
    case 'SetBatteryProduct':
      if (command.data.productId === state.productId) return [];
      return [{ type: 'BatteryProductSet', data: command.data }];
  }
};

export const unknownBattery = () =>
  new Refusal('BATTERY_UNKNOWN', 'not-found', 'there is no such battery');

export const retiredBattery = () =>
  new Refusal('BATTERY_RETIRED', 'conflict', 'the battery is not tested any more');

const batteryExists = () =>
  new Refusal('BATTERY_EXISTS', 'conflict', 'there is a battery with this id already');

export const batteryDecider: Decider<BatteryState, BatteryCommand, BatteryEvent> = {
  category: batteryCategory,
  events: batteryEvents,
  initialState: { status: 'absent' },
  decide(command, state) {
    if (state.status !== 'absent') return change(command, state);
    if (command.type !== 'RegisterBattery') throw unknownBattery();
    refuseWrong([...chemistryErrors(command.data), ...limitErrors(command.data)]);
    return [{ type: 'BatteryRegistered', data: command.data }];
  },
  evolve: evolveBattery,
  /** A retired one holds no serial number: a mistake can be registered anew. */
  keys(state, id) {
    if (state.status === 'absent') return [];
    return state.status === 'inUse'
      ? [textKey('battery-serial', state.manufacturer, state.model, state.serialNumber)]
      : [batteryUnderTest(id)];
  },
};
