import type { Context } from '#kernel/context.js';

import { consumerDecider } from './consumer/decider.js';
import { relayDecider } from './relay/decider.js';

export const fanout: Context = {
  name: 'fanout',
  categories: [relayDecider, consumerDecider],
  permissions: {
    'fanout.read': ['operator', 'auditor', 'admin', 'service'],
    'fanout.manage': ['operator', 'admin'],
  },
  isOfOperators: true,
};
