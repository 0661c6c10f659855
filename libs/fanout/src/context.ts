import type { Context } from '#kernel/context.js';

import { relayDecider } from './relay/decider.js';

export const fanout: Context = {
  name: 'fanout',
  categories: [relayDecider],
  permissions: {
    'fanout.read': ['operator', 'auditor', 'admin', 'service'],
    'fanout.manage': ['operator', 'admin'],
  },
  isOfOperators: true,
};
