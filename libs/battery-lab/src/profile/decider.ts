import type { CommandOf } from '#kernel/command.js';
import type { Decider } from '#kernel/decider.js';
import { Refusal } from '#kernel/refusal.js';

import { textKey } from '../keys.js';
import { evolveProfile, type Profile, type ProfileState } from './document.js';
import { profileCategory, type ProfileEvent, profileEvents } from './events.js';

type DataOf<T extends ProfileEvent['type']> = Extract<ProfileEvent, { type: T }>['data'];

/** Programs were checked before, and `hash` is that of the program. */
export type ProfileCommand = CommandOf<{
  DefineProfile: DataOf<'ProfileDefined'>;
  ReviseProfile: Omit<DataOf<'ProfileRevised'>, 'version'>;
  RetireProfile: DataOf<'ProfileRetired'>;
}>;

const change = (command: ProfileCommand, state: Profile): readonly ProfileEvent[] => {
  if (command.type === 'RetireProfile') {
    return state.status === 'retired' ? [] : [{ type: 'ProfileRetired', data: {} }];
  }
  if (state.status === 'retired') throw retiredProfile();
  switch (command.type) {
    case 'DefineProfile':
      throw profileExists();
    case 'ReviseProfile': {
      if (command.data.hash === state.hash) return [];
      const version = state.version + 1;
      return [{ type: 'ProfileRevised', data: { version, ...command.data } }];
    }
  }
};

export const unknownProfile = () =>
  new Refusal('PROFILE_UNKNOWN', 'not-found', 'there is no such profile');

export const unknownVersion = (last: number) =>
  new Refusal('PROFILE_VERSION_UNKNOWN', 'not-found', 'the profile has no such version', {
    errors: [{ pointer: '/version', reason: `expected a number from 1 to ${String(last)}` }],
  });

export const retiredProfile = () =>
  new Refusal('PROFILE_RETIRED', 'conflict', 'the profile is not used any more');

const profileExists = () =>
  new Refusal('PROFILE_EXISTS', 'conflict', 'there is a profile with this id already');

export const profileDecider: Decider<ProfileState, ProfileCommand, ProfileEvent> = {
  category: profileCategory,
  events: profileEvents,
  initialState: { status: 'absent' },
  decide(command, state) {
    if (state.status !== 'absent') return change(command, state);
    if (command.type !== 'DefineProfile') throw unknownProfile();
    return [{ type: 'ProfileDefined', data: command.data }];
  },
  evolve: evolveProfile,
  keys: (state) => (state.status === 'inUse' ? [textKey('profile-name', state.name)] : []),
};
