import type { ParkedDiscarded, ParkedRetryRequested } from './events.js';

const facts = {
  eventId: '0d1c5f0a-4f0e-5a8e-9c8d-3b6f6a2c1e11',
  stream: 'product-6f1c0c52-3f39-5f0e-8a0b-7a4b3d1f2e10',
  revision: '4',
  eventType: 'ElementsSet',
  error: 'error: invalid input syntax for type numeric: "n/a"',
};

export const parkedRetryRequested: ParkedRetryRequested = {
  type: 'ParkedRetryRequested',
  data: facts,
};

export const parkedDiscarded: ParkedDiscarded = { type: 'ParkedDiscarded', data: facts };
