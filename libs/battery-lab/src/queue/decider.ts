import type { CommandOf } from '#kernel/command.js';
import type { Decider } from '#kernel/decider.js';
import { Refusal } from '#kernel/refusal.js';

import { evolveQueue, noQueue, type QueueState } from './document.js';
import { queueCategory, type QueueEvent, queueEvents } from './events.js';

interface OfExperiment {
  readonly experimentId: string;
}

export type QueueCommand = CommandOf<{
  EnqueueExperiment: OfExperiment;
  MoveExperiment: OfExperiment & { readonly place: number };
  /** Gives the station to the experiment that is first in the order. */
  TakeNextExperiment: object;
  ReleaseStation: OfExperiment;
  DequeueExperiment: OfExperiment;
}>;

export const maxWaiting = 1_000;

const enqueue = (experimentId: string, { waiting, running }: QueueState): readonly QueueEvent[] => {
  if (running === experimentId || waiting.includes(experimentId)) return [];
  if (waiting.length === maxWaiting) throw queueFull();
  return [{ type: 'ExperimentEnqueued', data: { experimentId } }];
};

const move = (
  experimentId: string,
  place: number,
  { waiting }: QueueState,
): readonly QueueEvent[] => {
  const from = waiting.indexOf(experimentId);
  if (from < 0) throw notWaiting();
  const to = Math.min(place, waiting.length - 1);
  return from === to ? [] : [{ type: 'ExperimentMoved', data: { experimentId, place: to } }];
};

const takeNext = ({ waiting: [next], running }: QueueState): readonly QueueEvent[] =>
  next === undefined || running !== null
    ? []
    : [{ type: 'ExperimentTaken', data: { experimentId: next } }];

export const queueFull = () =>
  new Refusal(
    'STATION_QUEUE_FULL',
    'conflict',
    `at most ${String(maxWaiting)} experiments wait for a station`,
  );

const notWaiting = () =>
  new Refusal(
    'EXPERIMENT_NOT_WAITING',
    'conflict',
    'the experiment does not wait for this station',
  );

export const queueDecider: Decider<QueueState, QueueCommand, QueueEvent> = {
  category: queueCategory,
  events: queueEvents,
  initialState: noQueue,
  decide(command, state) {
    switch (command.type) {
      case 'EnqueueExperiment':
        return enqueue(command.data.experimentId, state);
      case 'MoveExperiment':
        return move(command.data.experimentId, command.data.place, state);
      case 'TakeNextExperiment':
        return takeNext(state);
      case 'ReleaseStation': {
        const { experimentId } = command.data;
        return state.running === experimentId
          ? [{ type: 'StationReleased', data: { experimentId } }]
          : [];
      }
      case 'DequeueExperiment': {
        const { experimentId } = command.data;
        return state.waiting.includes(experimentId)
          ? [{ type: 'ExperimentDequeued', data: { experimentId } }]
          : [];
      }
    }
  },
  evolve: evolveQueue,
};
