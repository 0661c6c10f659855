import type { AlarmEvent } from './events.js';

type DataOf<T extends AlarmEvent['type']> = Extract<AlarmEvent, { type: T }>['data'];

/** An alarm as the API shows it. */
export interface AlarmDocument extends DataOf<'CyclerAlarmRaised'> {
  readonly status: 'raised' | 'cleared';
  readonly isAcknowledged: boolean;
  readonly isEscalated: boolean;
  readonly comment: string | null;
  /** What has ended it. */
  readonly clearedBy: string | null;
}
export type AlarmDocumentState = { readonly status: 'absent' } | AlarmDocument;

/** The alarm after one more event. Pure and total. */
export const evolveAlarm = (state: AlarmDocumentState, event: AlarmEvent): AlarmDocumentState => {
  if (event.type === 'CyclerAlarmRaised') {
    const nothing = { isAcknowledged: false, isEscalated: false, comment: null, clearedBy: null };
    return { status: 'raised', ...event.data, ...nothing };
  }
  if (state.status === 'absent') return state;
  switch (event.type) {
    case 'CyclerAlarmEscalated':
      return { ...state, isEscalated: true, severity: 'critical', message: event.data.message };
    case 'CyclerAlarmAcknowledged':
      return { ...state, isAcknowledged: true, comment: event.data.comment };
    case 'CyclerAlarmCleared':
      return { ...state, status: 'cleared', clearedBy: event.data.message };
  }
};
