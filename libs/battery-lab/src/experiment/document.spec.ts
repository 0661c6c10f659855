import { describe, expect, it } from 'vitest';

import { type DocumentState, evolveDocument, type ExperimentDocument } from './document.js';
import type { ExperimentEvent } from './events.js';
import {
  at,
  examples,
  offAt,
  queued,
  running,
  stepStarted,
  tripped,
} from './experiment.fixture.js';

const documentOf = (...events: readonly ExperimentEvent[]): ExperimentDocument => {
  const absent: DocumentState = { status: 'absent' };
  const state = events.reduce<DocumentState>(evolveDocument, absent);
  if (state.status === 'absent') throw new Error('there is no experiment');
  return state;
};
const { ExperimentInterrupted: interrupted, ExperimentResumed: resumed } = examples;
const powerLoss = { ...interrupted, data: { ...interrupted.data, gapS: 340 } } as const;
const later = { ...resumed, data: { at: '2026-05-04T11:30:00.000Z' } } as const;

describe('the document of an experiment', () => {
  it('has the step and the cycle that it is at, and what of it was done where it stands', () => {
    expect(documentOf(...running)).toMatchObject({
      ...{ step: { stepCount: 1, stepId: 1, cycle: 1 }, progress: null, gaps: [] },
    });
    const { elapsedS, chargeAh, dischargeAh } = powerLoss.data;
    const stopped = [...running, powerLoss, offAt];
    expect(documentOf(...stopped)).toMatchObject({ progress: { elapsedS, chargeAh, dischargeAh } });
    expect(documentOf(...stopped, later).progress).toBeNull();
  });

  it('has the gaps: from when to when, and at which test time', () => {
    const gap = { cause: 'powerLoss', from: '2026-05-04T10:54:20.000Z', testTimeS: 61.5 };
    expect(documentOf(...running, powerLoss, offAt).gaps).toEqual([{ ...gap, to: null }]);
    const { gaps } = documentOf(...running, powerLoss, offAt, later, tripped, stepStarted(2));
    expect(gaps).toEqual([
      { ...gap, to: later.data.at },
      { cause: 'trip', from: at, to: null, testTimeS: null },
    ]);
    const paused = documentOf(...running, examples.ExperimentPaused, powerLoss, resumed);
    expect(paused.gaps).toEqual([{ cause: 'pause', from: at, to: at, testTimeS: null }]);
  });

  it('says why its station does not take it, until it does', () => {
    const { ExperimentHeld: held, ExperimentCancelled: cancelled } = examples;
    const { reason, at: since } = held.data;
    const again = { ...held, data: { reason: 'still', at: later.data.at } } as const;
    expect(documentOf(queued, held)).toMatchObject({ status: 'queued', held: { reason, since } });
    expect(documentOf(queued, held, again).held).toEqual({ reason: 'still', since });
    expect(documentOf(queued, held, ...running.slice(1))).toMatchObject({
      ...{ status: 'running', held: null, message: null },
    });
    expect(documentOf(queued, held, cancelled).held).toBeNull();
  });
});
