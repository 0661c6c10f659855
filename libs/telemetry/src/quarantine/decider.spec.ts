import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { exampleEvents } from '#kernel/event-types.js';
import { commandMeta, givenFor } from '#testing/decider-spec.js';

import { type QuarantineCommand, quarantineDecider } from './decider.js';
import { quarantineEvents } from './events.js';

const given = givenFor(quarantineDecider);
const meta = commandMeta();
const {
  MessageQuarantined: kept,
  QuarantinedReplayFailed: failed,
  QuarantinedReplayed: replayed,
  QuarantinedDiscarded: discarded,
} = exampleEvents(quarantineEvents);
const keep = { type: 'QuarantineMessage', data: kept.data, meta } as const;
const discard = { type: 'DiscardQuarantined', data: {}, meta } as const;
const other = [{ pointer: '', reason: 'expected JSON' }];
const replay = (taken = 0, problems: typeof other = []) =>
  ({ type: 'ReplayQuarantined', data: {}, meta, outcome: { taken, problems } }) as const;

describe('a message in the quarantine', () => {
  it('is kept once, whatever became of it', () => {
    given().when(keep).then(kept);
    for (const after of [[], [replayed], [discarded]])
      given(kept, ...after)
        .when(keep)
        .thenNothing();
  });

  it('is replayed with what was taken, once', () => {
    given(kept)
      .when(replay(12))
      .then({ ...replayed, data: { taken: 12 } });
    given(kept, replayed).when(replay()).thenNothing();
  });

  it('waits on with the new reason where it fails again, and says so once', () => {
    given(kept)
      .when(replay(1, other))
      .then({ ...failed, data: { taken: 1, problems: other } });
    given(kept)
      .when(replay(0, [...kept.data.problems]))
      .thenNothing();
    const again = given(kept, { ...failed, data: { taken: 1, problems: other } });
    again.when(replay(1, other)).thenNothing();
    again.when(replay(3)).then({ ...replayed, data: { taken: 3 } });
    expect(again.state).toMatchObject({ status: 'waiting', message: { problems: other } });
  });

  it('is replayed or discarded, not both', () => {
    given(kept).when(discard).then(discarded);
    given(kept, discarded).when(discard).thenNothing();
    given(kept, discarded).when(replay()).thenRefused('QUARANTINED_SETTLED');
    given(kept, replayed).when(discard).thenRefused('QUARANTINED_SETTLED');
  });

  it('has to be there', () => {
    given().when(discard).thenRefused('QUARANTINED_UNKNOWN');
    given().when(replay()).thenRefused('QUARANTINED_UNKNOWN');
  });

  it('changes nothing when the same command comes again, after whatever came before', () => {
    const command = fc.constantFrom<QuarantineCommand>(
      ...[keep, discard, replay(), replay(1, other), replay(2, [...kept.data.problems])],
    );
    fc.assert(
      fc.property(fc.array(command), command, (before, last) => {
        const carryOut = (
          state: Parameters<typeof quarantineDecider.decide>[1],
          one: QuarantineCommand,
        ) => {
          try {
            return quarantineDecider.decide(one, state).reduce(quarantineDecider.evolve, state);
          } catch {
            return state;
          }
        };
        const state = [...before, last].reduce(carryOut, quarantineDecider.initialState);
        expect(carryOut(state, last)).toBe(state);
      }),
    );
  });
});
