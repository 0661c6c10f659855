import type { Context } from '#kernel/context.js';

import { apiKeyDecider } from './api-key/decider.js';
import { accessDenialDecider } from './denial/decider.js';

export const access: Context = {
  name: 'access',
  categories: [apiKeyDecider, accessDenialDecider],
  permissions: { 'keys.manage': ['admin'] },
  tags: { access: 'API keys.' },
  isOfOperators: true,
  routes: async () => [(await import('./access.module.js')).AccessModule],
};
