import type { UnitEvent } from './events.js';

type DataOf<T extends UnitEvent['type']> = Extract<UnitEvent, { type: T }>['data'];

/** A unit as the API shows it and as commands are decided on. */
export interface Unit {
  readonly status: 'inUse' | 'retired';
  readonly name: string;
  /** Requests that it did not answer yet, the oldest first. */
  readonly openDetections: readonly string[];
  /** What it said last; null: nothing yet. */
  readonly detected: DataOf<'DevicesDetected'> | null;
}
export type UnitState = { readonly status: 'absent' } | Unit;

/** Older requests that nobody answered are waited for no more. */
const mostOpen = 20;

/** The unit after one more event. Pure and total. */
export const evolveUnit = (state: UnitState, event: UnitEvent): UnitState => {
  if (event.type === 'UnitRegistered') {
    return { status: 'inUse', ...event.data, openDetections: [], detected: null };
  }
  if (state.status === 'absent') return state;
  switch (event.type) {
    case 'UnitRenamed':
      return { ...state, ...event.data };
    case 'DetectionRequested': {
      const openDetections = [...state.openDetections, event.data.requestId].slice(-mostOpen);
      return { ...state, openDetections };
    }
    case 'DevicesDetected': {
      const { requestId } = event.data;
      const openDetections = state.openDetections.filter((open) => open !== requestId);
      return { ...state, openDetections, detected: event.data };
    }
    case 'UnitRetired':
      return { ...state, status: 'retired' };
  }
};
