import type { ProfileEvent } from './events.js';

type DataOf<T extends ProfileEvent['type']> = Extract<ProfileEvent, { type: T }>['data'];

/** A program as a version of a profile. */
export type ProfileVersion = DataOf<'ProfileRevised'>;

/** A profile with its last version, as the API shows it and as commands are decided on. */
export interface Profile extends ProfileVersion {
  readonly status: 'inUse' | 'retired';
  readonly name: string;
  readonly description: string;
}
export type ProfileState = { readonly status: 'absent' } | Profile;

/** The profile after one more event. Pure and total. */
export const evolveProfile = (state: ProfileState, event: ProfileEvent): ProfileState => {
  if (event.type === 'ProfileDefined') return { status: 'inUse', ...event.data, version: 1 };
  if (state.status === 'absent') return state;
  switch (event.type) {
    case 'ProfileRevised':
      return { ...state, ...event.data };
    case 'ProfileRetired':
      return { ...state, status: 'retired' };
  }
};
