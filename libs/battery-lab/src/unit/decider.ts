import type { CommandOf } from '#kernel/command.js';
import type { Decider } from '#kernel/decider.js';
import { Refusal } from '#kernel/refusal.js';

import { textKey } from '../keys.js';
import { evolveUnit, type Unit, type UnitState } from './document.js';
import { unitCategory, type UnitEvent, unitEvents } from './events.js';

type DataOf<T extends UnitEvent['type']> = Extract<UnitEvent, { type: T }>['data'];

export type UnitCommand = CommandOf<{
  RegisterUnit: DataOf<'UnitRegistered'>;
  RenameUnit: DataOf<'UnitRenamed'>;
  RequestDetection: DataOf<'DetectionRequested'>;
  /** The answer of the unit to a request. */
  ReportDetection: DataOf<'DevicesDetected'>;
  RetireUnit: DataOf<'UnitRetired'>;
}>;

/** An answer that comes twice, or after a newer one, says nothing new. */
const report = (
  data: DataOf<'DevicesDetected'>,
  { openDetections, detected }: Unit,
): readonly UnitEvent[] => {
  if (openDetections.includes(data.requestId)) return [{ type: 'DevicesDetected', data }];
  if (detected?.requestId === data.requestId) return [];
  throw new Refusal(
    'DETECTION_UNKNOWN',
    'unprocessable',
    'the unit was not asked this, or has answered long ago',
    { errors: [{ pointer: '/requestId', reason: 'expected the id of a request that is open' }] },
  );
};

const change = (command: UnitCommand, state: Unit): readonly UnitEvent[] => {
  if (command.type === 'RetireUnit') {
    return state.status === 'retired' ? [] : [{ type: 'UnitRetired', data: {} }];
  }
  if (state.status === 'retired') throw retiredUnit();
  switch (command.type) {
    case 'RegisterUnit':
      throw unitExists();
    case 'RenameUnit':
      if (command.data.name === state.name) return [];
      return [{ type: 'UnitRenamed', data: command.data }];
    case 'RequestDetection':
      if (state.openDetections.includes(command.data.requestId)) return [];
      return [{ type: 'DetectionRequested', data: command.data }];
    case 'ReportDetection':
      return report(command.data, state);
  }
};

export const unknownUnit = () => new Refusal('UNIT_UNKNOWN', 'not-found', 'there is no such unit');

export const retiredUnit = () =>
  new Refusal('UNIT_RETIRED', 'conflict', 'the unit is not used any more');

const unitExists = () =>
  new Refusal('UNIT_EXISTS', 'conflict', 'the device is registered as a unit already');

export const unitDecider: Decider<UnitState, UnitCommand, UnitEvent> = {
  category: unitCategory,
  events: unitEvents,
  initialState: { status: 'absent' },
  decide(command, state) {
    if (state.status !== 'absent') return change(command, state);
    if (command.type !== 'RegisterUnit') throw unknownUnit();
    return [{ type: 'UnitRegistered', data: command.data }];
  },
  evolve: evolveUnit,
  keys: (state) => (state.status === 'inUse' ? [textKey('unit-name', state.name)] : []),
};
