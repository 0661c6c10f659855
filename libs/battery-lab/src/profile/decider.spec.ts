import { describe, expect, it } from 'vitest';

import { exampleEvents } from '#kernel/event-types.js';
import { commandMeta, givenFor } from '#testing/decider-spec.js';

import { profileDecider } from './decider.js';
import { type ProfileEvent, profileEvents } from './events.js';

const given = givenFor(profileDecider);
const meta = commandMeta();
const {
  ProfileDefined: defined,
  ProfileRevised: revised,
  ProfileRetired: retired,
} = exampleEvents(profileEvents);
const define = { type: 'DefineProfile', data: defined.data, meta } as const;
const revise = { type: 'ReviseProfile', data: revised.data, meta } as const;
const retire = { type: 'RetireProfile', data: {}, meta } as const;
const back = { type: 'ReviseProfile', data: defined.data, meta } as const;

describe('a profile', () => {
  it('is defined once', () => {
    given().when(define).then(defined);
    given(defined).when(define).thenRefused('PROFILE_EXISTS');
    given().when(revise).thenRefused('PROFILE_UNKNOWN');
  });

  it('has a new version for each other program, and none for the same one', () => {
    const { program, hash } = defined.data;
    const { program: other, hash: otherHash } = revised.data;
    given(defined)
      .when({ ...revise, data: { program: other, hash: otherHash } })
      .then(revised);
    given(defined, revised)
      .when({ ...revise, data: { program: other, hash: otherHash } })
      .thenNothing();
    given(defined, revised)
      .when({ ...back, data: { program, hash } })
      .then({ type: 'ProfileRevised', data: { version: 3, program, hash } });
  });

  it('is retired for good, and holds its name until then', () => {
    given(defined).when(retire).then(retired);
    given(defined, retired).when(retire).thenNothing();
    given(defined, retired).when(revise).thenRefused('PROFILE_RETIRED');
    const keys = (...events: ProfileEvent[]) =>
      profileDecider.keys?.(given(...events).state, 'one').map(({ kind }) => kind);
    expect([keys(defined), keys(defined, retired)]).toEqual([['profile-name'], []]);
  });
});
