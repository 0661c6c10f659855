import { describe, expect, it } from 'vitest';

import { experimentDecider } from './decider.js';
import {
  assigned,
  at,
  command,
  confirmed,
  examples,
  given,
  issued,
  queued,
  started,
  stateOf,
} from './experiment.fixture.js';
import { heldUntil, reactionsTo } from './reactions.js';

const now = Date.parse(at);
const asked = [queued, assigned, issued('confirm-limits')];
const answer = (said: object) =>
  command('AnswerInstruction', {
    ...{ instruction: 'confirm-limits', status: 'refused', reason: 'no' },
    ...{ at: '2020-01-01T00:00:00.000Z', ...said },
  });
const refused = {
  type: 'InstructionRefused',
  data: { instruction: 'confirm-limits', reason: 'no' },
} as const;
const held = {
  type: 'ExperimentHeld',
  data: { reason: 'the unit refuses "confirm-limits": no', at },
} as const;
const failing = { as: 'failed', message: held.data.reason } as const;

describe('a station that takes no experiment', () => {
  it.each([
    ['is latched', { state: 'tripped' }],
    ['is occupied', { state: 'paused' }],
    ['has a unit that says so', { state: 'idle', about: 'station' }],
  ] as const)('holds its queue where it %s', (_, said) => {
    const state = given(...asked)
      .when(answer(said))
      .then(refused, held);
    expect(state).toMatchObject({ status: 'queued', assigned: null, hasLimits: false });
    // Battery and station are free meanwhile: it can be mended.
    expect(experimentDecider.keys?.(state, 'one')).toEqual([]);
  });

  it('holds it where its unit answers nothing', () => {
    const timedOut = { type: 'InstructionTimedOut', data: { instruction: 'confirm-limits' } };
    given(...asked)
      .when(command('TimeOutInstruction', { instruction: 'confirm-limits', at }))
      .then(timedOut as never, {
        ...held,
        data: { reason: 'the unit has not answered to "confirm-limits"', at },
      });
  });

  it('does not where it is the experiment that does not fit', () => {
    for (const said of [{ state: 'idle' }, { state: 'tripped', about: 'experiment' }, {}]) {
      given(...asked)
        .when(answer(said))
        .then(refused, { type: 'ExperimentEnding', data: failing });
    }
  });

  it('is tried again later and later, with one alarm until it takes the experiment', () => {
    const again = [assigned, issued('confirm-limits'), refused, held];
    const [once, often] = [
      stateOf([...asked, refused, held]),
      stateOf([...asked, refused, held, ...again]),
    ];
    expect(heldUntil(once, now)).toBe(now + 10_000);
    expect(heldUntil(often, now)).toBe(now + 20_000);
    const many = Array.from({ length: 9 }, () => again).flat();
    expect(heldUntil(stateOf([...asked, ...many]), now)).toBe(now + 120_000);
    const alarm = { subject: 'queue', kind: 'queueHeld' };
    for (const state of [once, often, stateOf([...asked, refused, held, assigned, ...confirmed])]) {
      expect(reactionsTo(state, now)).toContainEqual(
        expect.objectContaining({ do: 'raise', ...alarm }),
      );
    }
    const [, ...others] = started;
    expect(reactionsTo(stateOf([...asked, refused, held, ...others]), now)).toEqual([
      expect.objectContaining({ do: 'clear', ...alarm }),
    ]);
  });

  it('lets the experiment be taken back, when its unit has left it', () => {
    const ending = { type: 'ExperimentEnding', data: { as: 'aborted', message: null } } as const;
    for (const take of [
      command('CancelExperiment', {}),
      command('AbortExperiment', { message: null }),
    ]) {
      const state = given(...asked, refused, held)
        .when(take)
        .then(ending);
      expect(reactionsTo(stateOf([...asked, refused, held, ending]), now)).toMatchObject([
        { do: 'issue', kind: 'stop' },
        { do: 'clear', kind: 'queueHeld' },
      ]);
      expect(experimentDecider.decide(command('AssignExperiment', assigned.data), state)).toEqual(
        [],
      );
    }
    const byServer = command('HoldExperiment', held.data);
    given(queued).when(byServer).then(held);
    given(queued, held).when(command('CancelExperiment', {})).then(examples.ExperimentCancelled);
    given(queued, assigned).when(byServer).thenNothing();
  });
});
