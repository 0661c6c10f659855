import { describe, it } from 'vitest';

import { commandMeta, givenFor } from '#testing/decider-spec.js';

import { type QueueCommand, queueDecider } from './decider.js';
import type { QueueEvent } from './events.js';

const given = givenFor(queueDecider);
const meta = commandMeta();
const of = (experimentId: string) => ({ experimentId });
const enqueued = (id: string): QueueEvent => ({ type: 'ExperimentEnqueued', data: of(id) });
const taken = (id: string): QueueEvent => ({ type: 'ExperimentTaken', data: of(id) });
const released = (id: string): QueueEvent => ({ type: 'StationReleased', data: of(id) });
const takeNext: QueueCommand = { type: 'TakeNextExperiment', data: {}, meta };
const move = (id: string, place: number): QueueCommand => ({
  ...{ type: 'MoveExperiment', data: { experimentId: id, place }, meta },
});

describe('the queue of a station', () => {
  it('runs experiments in the order in which they came', () => {
    given(enqueued('a'), enqueued('b')).when(takeNext).then(taken('a'));
    given(enqueued('a'), enqueued('b'), taken('a'), released('a')).when(takeNext).then(taken('b'));
  });

  it('runs one at a time', () => {
    given(enqueued('a'), enqueued('b'), taken('a')).when(takeNext).thenNothing();
    given().when(takeNext).thenNothing();
  });

  it('is released by the experiment that has it, and by no other', () => {
    const release = (id: string): QueueCommand => ({ type: 'ReleaseStation', data: of(id), meta });
    given(enqueued('a'), taken('a')).when(release('a')).then(released('a'));
    given(enqueued('a'), taken('a')).when(release('b')).thenNothing();
    given(enqueued('a'), taken('a'), released('a')).when(release('a')).thenNothing();
  });

  it('has an order that can be changed', () => {
    const moved: QueueEvent = { type: 'ExperimentMoved', data: { ...of('b'), place: 0 } };
    given(enqueued('a'), enqueued('b')).when(move('b', 0)).then(moved);
    given(enqueued('a'), enqueued('b'), moved).when(takeNext).then(taken('b'));
    given(enqueued('a'), enqueued('b')).when(move('b', 7)).thenNothing();
    given(enqueued('a'), taken('a')).when(move('a', 0)).thenRefused('EXPERIMENT_NOT_WAITING');
  });

  it('is left by an experiment that is cancelled', () => {
    const dequeue: QueueCommand = { type: 'DequeueExperiment', data: of('a'), meta };
    const dequeued: QueueEvent = { type: 'ExperimentDequeued', data: of('a') };
    given(enqueued('a'), enqueued('b')).when(dequeue).then(dequeued);
    given(enqueued('a'), enqueued('b'), dequeued).when(takeNext).then(taken('b'));
    given(enqueued('a'), taken('a')).when(dequeue).thenNothing();
  });

  it('takes an experiment once', () => {
    const enqueue: QueueCommand = { type: 'EnqueueExperiment', data: of('a'), meta };
    given().when(enqueue).then(enqueued('a'));
    given(enqueued('a')).when(enqueue).thenNothing();
    given(enqueued('a'), taken('a')).when(enqueue).thenNothing();
  });
});
