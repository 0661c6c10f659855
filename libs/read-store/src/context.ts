import type { Context } from '#kernel/context.js';

import { parkedEventDecider } from './parked-event/decider.js';

export const readStore: Context = {
  name: 'read-store',
  categories: [parkedEventDecider],
  permissions: {
    'projections.read': ['operator', 'auditor', 'admin'],
    'projections.manage': ['operator', 'admin'],
    'parked.manage': ['operator', 'admin'],
  },
  isOfOperators: true,
};
