import { Type } from 'typebox';

import { type EventOf, eventTypes } from '#kernel/event-types.js';
import { closed, id } from '#kernel/schema.js';

// The names below are the storage format, and public: the AsyncAPI document is made of them.

export const queueCategory = 'stationQueue';
export const queueStream = (stationId: string): string => `${queueCategory}-${stationId}`;

const experiment = { experimentId: id('The experiment.') };

/** In which order a station runs its experiments. A stream for each station: so one runs at a time. */
export const queueEvents = eventTypes({
  ExperimentEnqueued: {
    about: 'The experiment waits for its station, behind the others.',
    data: closed(experiment),
    example: { experimentId: '0f9e7c1a-56a0-5a64-8c0b-3d9f2b6f8d11' },
  },
  ExperimentMoved: {
    about: 'A waiting experiment has another place in the order of its station.',
    data: closed({
      ...experiment,
      place: Type.Integer({ minimum: 0, description: 'How many are run before it.' }),
    }),
    example: { experimentId: '0f9e7c1a-56a0-5a64-8c0b-3d9f2b6f8d11', place: 0 },
  },
  ExperimentTaken: {
    about: 'It is the turn of the experiment: the station is its own until it is released.',
    data: closed(experiment),
    example: { experimentId: '0f9e7c1a-56a0-5a64-8c0b-3d9f2b6f8d11' },
  },
  StationReleased: {
    about: 'The experiment that had the station has ended, with its output off.',
    data: closed(experiment),
    example: { experimentId: '0f9e7c1a-56a0-5a64-8c0b-3d9f2b6f8d11' },
  },
  ExperimentDequeued: {
    about: 'The experiment does not wait any more: it was cancelled.',
    data: closed(experiment),
    example: { experimentId: '0f9e7c1a-56a0-5a64-8c0b-3d9f2b6f8d11' },
  },
});

export type QueueEvent = EventOf<typeof queueEvents>;
