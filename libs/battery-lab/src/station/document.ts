import type { StationEvent } from './events.js';

type DataOf<T extends StationEvent['type']> = Extract<StationEvent, { type: T }>['data'];

/** What a station consists of, since when. */
export interface Configuration extends Omit<DataOf<'StationReconfigured'>, 'at'> {
  readonly since: string;
}

/** A station as the API shows it and as commands are decided on. */
export interface Station extends Configuration {
  readonly status: 'inUse' | 'retired';
  readonly name: string;
  /** Counts its configurations, this one too. */
  readonly configuration: number;
  readonly retiredAt: string | null;
}
export type StationState = { readonly status: 'absent' } | Station;

/** The station after one more event. Pure and total. */
export const evolveStation = (state: StationState, event: StationEvent): StationState => {
  if (event.type === 'StationRegistered') {
    const { at: since, ...data } = event.data;
    return { status: 'inUse', ...data, since, configuration: 1, retiredAt: null };
  }
  if (state.status === 'absent') return state;
  switch (event.type) {
    case 'StationReconfigured': {
      const { at: since, ...data } = event.data;
      return { ...state, ...data, since, configuration: state.configuration + 1 };
    }
    case 'StationRetired':
      return { ...state, status: 'retired', retiredAt: event.data.at };
  }
};
