import type { BatteryEvent } from './events.js';

type Registered = Extract<BatteryEvent, { type: 'BatteryRegistered' }>['data'];

/** A battery as the API shows it and as commands are decided on. Units are in the names. */
export interface Battery extends Registered {
  readonly status: 'inUse' | 'retired';
}
export type BatteryState = { readonly status: 'absent' } | Battery;

/** The battery after one more event. Pure and total. */
export const evolveBattery = (state: BatteryState, event: BatteryEvent): BatteryState => {
  if (event.type === 'BatteryRegistered') return { status: 'inUse', ...event.data };
  if (state.status === 'absent') return state;
  switch (event.type) {
    case 'BatteryRenamed':
    case 'BatteryLimitsRevised':
    case 'BatteryProductSet':
      return { ...state, ...event.data };
    case 'BatteryRetired':
      return { ...state, status: 'retired' };
  }
};
