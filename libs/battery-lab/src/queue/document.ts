import type { QueueEvent } from './events.js';

export interface QueueState {
  /** In the order in which they run. */
  readonly waiting: readonly string[];
  /** Has the station. */
  readonly running: string | null;
}

export const noQueue: QueueState = { waiting: [], running: null };

/** The queue after one more event. Pure and total. */
export const evolveQueue = (state: QueueState, { type, data }: QueueEvent): QueueState => {
  const { experimentId } = data;
  const others = state.waiting.filter((one) => one !== experimentId);
  switch (type) {
    case 'ExperimentEnqueued':
      return { ...state, waiting: [...others, experimentId] };
    case 'ExperimentMoved':
      return { ...state, waiting: others.toSpliced(data.place, 0, experimentId) };
    case 'ExperimentTaken':
      return { waiting: others, running: experimentId };
    case 'StationReleased':
      return { ...state, running: null };
    case 'ExperimentDequeued':
      return { ...state, waiting: others };
  }
};
