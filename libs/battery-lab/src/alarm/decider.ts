import type { CommandOf } from '#kernel/command.js';
import type { Decider } from '#kernel/decider.js';
import { Refusal } from '#kernel/refusal.js';

import { alarmCategory, type AlarmEvent, alarmEvents, type AlarmKind } from './events.js';

type DataOf<T extends AlarmEvent['type']> = Extract<AlarmEvent, { type: T }>['data'];

export type AlarmCommand = CommandOf<{
  RaiseAlarm: DataOf<'CyclerAlarmRaised'>;
  EscalateAlarm: DataOf<'CyclerAlarmEscalated'>;
  AcknowledgeAlarm: DataOf<'CyclerAlarmAcknowledged'>;
  ClearAlarm: DataOf<'CyclerAlarmCleared'>;
}>;

export type AlarmState =
  | { readonly status: 'absent' }
  | {
      readonly status: 'raised' | 'cleared';
      readonly kind: AlarmKind;
      readonly isEscalated: boolean;
      readonly isAcknowledged: boolean;
    };

export const unknownAlarm = () =>
  new Refusal('ALARM_UNKNOWN', 'not-found', 'there is no such alarm');

/** An experiment that has failed stays so: who knows of it has nothing left to wait for. */
const acknowledge = (
  data: DataOf<'CyclerAlarmAcknowledged'>,
  { kind, status, isAcknowledged }: Exclude<AlarmState, { status: 'absent' }>,
): readonly AlarmEvent[] => {
  if (isAcknowledged) return [];
  const acknowledged: AlarmEvent = { type: 'CyclerAlarmAcknowledged', data };
  if (kind !== 'experimentFailed' || status === 'cleared') return [acknowledged];
  const message = 'a person knows of it';
  return [acknowledged, { type: 'CyclerAlarmCleared', data: { message } }];
};

/** An alarm is raised once; whoever raises it again says nothing new. */
export const alarmDecider: Decider<AlarmState, AlarmCommand, AlarmEvent> = {
  category: alarmCategory,
  events: alarmEvents,
  initialState: { status: 'absent' },
  decide(command, state) {
    if (command.type === 'RaiseAlarm') {
      return state.status === 'absent' ? [{ type: 'CyclerAlarmRaised', data: command.data }] : [];
    }
    if (state.status === 'absent') {
      // Who clears need not know whether there was one.
      if (command.type === 'ClearAlarm') return [];
      throw unknownAlarm();
    }
    switch (command.type) {
      case 'EscalateAlarm':
        if (state.isEscalated || state.status === 'cleared') return [];
        return [{ type: 'CyclerAlarmEscalated', data: command.data }];
      case 'AcknowledgeAlarm':
        return acknowledge(command.data, state);
      case 'ClearAlarm':
        return state.status === 'cleared'
          ? []
          : [{ type: 'CyclerAlarmCleared', data: command.data }];
    }
  },
  evolve(state, event) {
    if (event.type === 'CyclerAlarmRaised') {
      const { kind } = event.data;
      return { status: 'raised', kind, isEscalated: false, isAcknowledged: false };
    }
    if (state.status === 'absent') return state;
    switch (event.type) {
      case 'CyclerAlarmEscalated':
        return { ...state, isEscalated: true };
      case 'CyclerAlarmAcknowledged':
        return { ...state, isAcknowledged: true };
      case 'CyclerAlarmCleared':
        return { ...state, status: 'cleared' };
    }
  },
};
