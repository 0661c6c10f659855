import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { exampleEvents } from '#kernel/event-types.js';
import { commandMeta, givenFor } from '#testing/decider-spec.js';

import { linkDecider, type LinkState } from './decider.js';
import { type LinkEvent, linkEvents } from './events.js';

const given = givenFor(linkDecider);
const meta = commandMeta();
const {
  DeviceBorn: born,
  DeviceStateReported: offline,
  IntakeCounted: counted,
} = exampleEvents(linkEvents);
const run = (from: number, to: number, session = 's') => ({ session, from, to });
const missed = (from: number, to: number, session?: string): LinkEvent => ({
  ...{ type: 'MessagesMissed', data: run(from, to, session) },
});
const asked = (from: number, to: number): LinkEvent => ({
  ...{ type: 'ResendRequested', data: run(from, to) },
});
const recovered = (from: number, to: number): LinkEvent => ({
  ...{ type: 'MessagesRecovered', data: run(from, to) },
});
const noteMissed = (...gaps: ReturnType<typeof run>[]) =>
  ({ type: 'NoteMissed', data: { gaps }, meta }) as const;
const noteAsked = (...gaps: ReturnType<typeof run>[]) =>
  ({ type: 'NoteResendRequested', data: { gaps }, meta }) as const;
const noteRecovered = (numbers: readonly number[], session = 's') =>
  ({ type: 'NoteRecovered', data: { session, numbers }, meta }) as const;
const noteState = (state: 'online' | 'offline') =>
  ({ type: 'NoteState', data: { state }, meta }) as const;
const numbersIn = ({ missed: gaps }: LinkState): number[] =>
  gaps.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, n) => from + n));

describe('the link of a device', () => {
  it('begins each session once, and is online then', () => {
    const birth = { type: 'NoteBirth', data: born.data, meta } as const;
    given().when(birth).then(born);
    given(born).when(birth).thenNothing();
    given(offline, born).when(noteState('offline')).then(offline);
    given(born).when(noteState('online')).thenNothing();
  });

  it('notes a state when it changes', () => {
    given().when(noteState('offline')).then(offline);
    given(offline).when(noteState('offline')).thenNothing();
    given(offline)
      .when(noteState('online'))
      .then({ ...offline, data: { state: 'online' } });
  });

  it('notes what is missed once, also a part of it', () => {
    given()
      .when(noteMissed(run(2, 4), run(7, 7)))
      .then(missed(2, 4), missed(7, 7));
    given(missed(2, 4))
      .when(noteMissed(run(2, 4), run(3, 3)))
      .thenNothing();
    given(missed(2, 4))
      .when(noteMissed(run(2, 4, 't')))
      .then(missed(2, 4, 't'));
  });

  it('notes up to three times that what is missed was asked for', () => {
    given(missed(2, 4))
      .when(noteAsked(run(2, 4)))
      .then(asked(2, 4));
    given(missed(2, 4), asked(2, 4), asked(2, 4))
      .when(noteAsked(run(2, 4)))
      .then(asked(2, 4));
    given(missed(2, 4), asked(2, 4), asked(2, 4), asked(2, 4))
      .when(noteAsked(run(2, 4)))
      .thenNothing();
    given(missed(2, 4), recovered(2, 4))
      .when(noteAsked(run(2, 4)))
      .thenNothing();
    given()
      .when(noteAsked(run(2, 4)))
      .thenNothing();
  });

  it('notes what comes after all in runs, and each number once', () => {
    given(missed(2, 6))
      .when(noteRecovered([6, 2, 3, 2, 9]))
      .then(recovered(2, 3), recovered(6, 6));
    given(missed(2, 6), recovered(3, 3))
      .when(noteRecovered([3]))
      .thenNothing();
    given(missed(2, 6))
      .when(noteRecovered([3], 't'))
      .thenNothing();
  });

  it('counts a minute as often as somebody has something to count of it', () => {
    const count = { type: 'CountIntake', data: counted.data, meta } as const;
    given().when(count).then(counted);
    given(counted).when(count).then(counted);
  });

  it('misses exactly what was left out and has not come, in whatever order it comes', () => {
    const numbers = fc.uniqueArray(fc.integer({ min: 0, max: 40 }));
    fc.assert(
      fc.property(numbers, (came) => {
        let state = given(missed(0, 40)).state;
        for (const seq of came) {
          state = linkDecider.decide(noteRecovered([seq]), state).reduce(linkDecider.evolve, state);
        }
        const left = Array.from({ length: 41 }, (_, n) => n).filter((n) => !came.includes(n));
        expect(numbersIn(state)).toEqual(left);
      }),
    );
  });

  it('follows a bounded number of runs, however a device skips numbers', () => {
    const odd = Array.from({ length: 1_000 }, (_, n) => recovered(2 * n + 1, 2 * n + 1));
    const { state } = given(missed(0, 3_000), ...odd);
    expect(state.missed).toHaveLength(64);
    const many = Array.from({ length: 1_000 }, (_, n) => missed(3 * n, 3 * n));
    expect(given(...many).state.missed).toHaveLength(64);
  });
});
