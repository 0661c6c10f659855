import type { Context } from '#kernel/context.js';

import { controlDecider } from './control/decider.js';

export const subscription: Context = {
  name: 'subscription',
  categories: [controlDecider],
  permissions: {
    'subscriptions.read': ['operator', 'auditor', 'admin', 'service'],
    'subscriptions.manage': ['operator', 'admin'],
  },
  isOfOperators: true,
};
