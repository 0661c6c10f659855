import type { RelayPaused, RelayResumed, RelayTopicReset } from './events.js';

export const relayPaused: RelayPaused = { type: 'RelayPaused', data: {} };

export const relayResumed: RelayResumed = { type: 'RelayResumed', data: {} };

export const relayTopicReset: RelayTopicReset = {
  type: 'RelayTopicReset',
  data: { topic: 'voltrace.product-registry.v1' },
};
